"""What differs between two versions: photographs, boxes and classes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from utils.data_store.manifest import KeptPhoto, Manifest, faces_of
from utils.dataset.version import Face, box_of

SAME_FACE = 0.5
"""Overlap (intersection over union) from which two boxes are of one face that was redrawn."""


@dataclass(frozen=True)
class FaceChange:
    """A face before and after: None where it is not; in quarters of a pixel, as versions are."""

    before: Face | None
    after: Face | None

    @property
    def what(self) -> str:
        """``added``, ``removed``, ``class``, ``box``, or ``class and box``."""
        if self.before is None or self.after is None:
            return "added" if self.before is None else "removed"
        named, drawn = self.before[0] != self.after[0], self.before[1:] != self.after[1:]
        return "class and box" if named and drawn else "class" if named else "box"

    def as_record(self) -> dict[str, Any]:
        """Return plain values, boxes in pixels."""
        return {"what": self.what, "before": _plain(self.before), "after": _plain(self.after)}


@dataclass(frozen=True)
class PhotoChange:
    """A photograph that both versions hold, and in what it differs.

    Attributes
    ----------
    before, after
        The photograph in each.
    faces
        Those that differ.
    """

    before: KeptPhoto
    after: KeptPhoto
    faces: tuple[FaceChange, ...]

    @property
    def moved(self) -> bool:
        """Whether it came on another side of the split."""
        return self.before.side != self.after.side

    @property
    def renamed(self) -> bool:
        """Whether its file is called otherwise, which makes no other version."""
        return self.before.filename != self.after.filename

    @property
    def replaced(self) -> bool:
        """Whether the file of that name holds other bytes."""
        return self.before.digest != self.after.digest


@dataclass(frozen=True)
class Differences:
    """What differs between two versions.

    Attributes
    ----------
    added, removed
        Photographs that only the second, or the first, holds.
    changed
        Those of both whose faces or side differ, or whose file of one name holds other bytes.
    same
        How many are the same in both.
    renamed
        Those of them that are called otherwise.
    totals
        Of the first and the second: photographs, and faces by class.
    """

    added: tuple[KeptPhoto, ...] = ()
    removed: tuple[KeptPhoto, ...] = ()
    changed: tuple[PhotoChange, ...] = ()
    renamed: tuple[PhotoChange, ...] = ()
    same: int = 0
    totals: tuple[dict[str, int], dict[str, int]] = field(default_factory=lambda: ({}, {}))

    @property
    def is_none(self) -> bool:
        """Whether they are one version."""
        return not (self.added or self.removed or self.changed)

    def faces(self) -> Counter[str]:
        """Count the faces that differ on photographs of both: by what, and by class."""
        counts: Counter[str] = Counter()
        for one in self.changed:
            for face in one.faces:
                counts[face.what] += 1
                if face.before and face.after and face.before[0] != face.after[0]:
                    counts[f"{face.before[0]} to {face.after[0]}"] += 1
        return counts

    def as_record(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "photographs": {
                "added": [_photo(one) for one in self.added],
                "removed": [_photo(one) for one in self.removed],
                "changed": [
                    {
                        "photograph": one.after.filename,
                        "before": one.before.filename,
                        "sides": [one.before.side, one.after.side],
                        "replaced": one.replaced,
                        "faces": [face.as_record() for face in one.faces],
                    }
                    for one in self.changed
                ],
                "renamed": [[one.before.filename, one.after.filename] for one in self.renamed],
                "same": self.same,
            },
            "faces": dict(self.faces()),
            "totals": list(self.totals),
        }


def compare(first: Manifest, second: Manifest) -> Differences:
    """Return what differs between what two versions hold.

    A photograph is the same where its bytes are; of equal bytes in one version, those of equal
    names belong together. Files of one name with other bytes are one photograph that was replaced.
    """
    pairs, removed, added = _paired(first.photos, second.photos)
    by_name = {one.filename: one for one in removed}
    replaced = [(by_name[one.filename], one) for one in added if one.filename in by_name]
    names = {one.filename for _, one in replaced}
    changes = [
        PhotoChange(before, after, tuple(_faces(before.faces, after.faces)))
        for before, after in [*pairs, *replaced]
    ]
    changed = [one for one in changes if one.faces or one.replaced or one.moved]
    rest = [one for one in changes if not (one.faces or one.replaced or one.moved)]
    return Differences(
        added=tuple(one for one in added if one.filename not in names),
        removed=tuple(one for one in removed if one.filename not in names),
        changed=tuple(sorted(changed, key=lambda one: one.after.filename)),
        renamed=tuple(one for one in rest if one.renamed),
        same=len(rest),
        totals=(_totals(first), _totals(second)),
    )


def _paired(
    first: Sequence[KeptPhoto], second: Sequence[KeptPhoto]
) -> tuple[list[tuple[KeptPhoto, KeptPhoto]], list[KeptPhoto], list[KeptPhoto]]:
    """Return photographs of equal bytes in pairs, and those that only one has."""
    mine: dict[str, list[KeptPhoto]] = defaultdict(list)
    for one in first:
        mine[one.digest].append(one)
    pairs, added, waiting = [], [], []
    for other in second:
        twins = mine.get(other.digest, [])
        twin = next((one for one in twins if one.filename == other.filename), None)
        if twin is None:
            waiting.append(other)
            continue
        twins.remove(twin)
        pairs.append((twin, other))
    for other in waiting:
        if twins := mine.get(other.digest):
            like = [one for one in twins if one.faces == other.faces]
            twin = (like or twins)[0]
            twins.remove(twin)
            pairs.append((twin, other))
        else:
            added.append(other)
    return pairs, [one for twins in mine.values() for one in twins], added


def _faces(before: list[Face], after: list[Face]) -> Iterator[FaceChange]:
    """Yield the faces that differ: those that overlap most are one that was redrawn."""
    kept = Counter(before) & Counter(after)
    gone, new = list((Counter(before) - kept).elements()), list((Counter(after) - kept).elements())
    overlaps = sorted(
        ((_overlap(a, b), -i, -j) for i, a in enumerate(gone) for j, b in enumerate(new)),
        reverse=True,
    )
    of_gone: dict[int, int] = {}
    taken: set[int] = set()
    for overlap, i, j in overlaps:
        if overlap >= SAME_FACE and -i not in of_gone and -j not in taken:
            of_gone[-i] = -j
            taken.add(-j)
    for i, face in enumerate(gone):
        yield FaceChange(face, new[of_gone[i]] if i in of_gone else None)
    yield from (FaceChange(None, face) for j, face in enumerate(new) if j not in taken)


def _overlap(one: Face, other: Face) -> float:
    left, top = max(one[1], other[1]), max(one[2], other[2])
    right, bottom = min(one[3], other[3]), min(one[4], other[4])
    shared = max(0, right - left) * max(0, bottom - top)
    whole = sum((x2 - x1) * (y2 - y1) for _, x1, y1, x2, y2 in (one, other)) - shared
    return shared / whole if whole else 0.0


def _totals(manifest: Manifest) -> dict[str, int]:
    return {"photographs": len(manifest.photos), **faces_of(manifest.photos)}


def _photo(one: KeptPhoto) -> dict[str, Any]:
    return {"photograph": one.filename, "side": one.side, "faces": [*map(_plain, one.faces)]}


def _plain(face: Face | None) -> dict[str, Any] | None:
    return None if face is None else {"class": face[0], "box": list(box_of(face))}
