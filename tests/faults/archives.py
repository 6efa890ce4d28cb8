"""Small archives of photographs that are cut at any length, or have any bit flipped.

Each is refused, or gives photographs as they were packed; none is changed, or lost without a word.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bad_input import hostile_archives as hostile
from tests.faults.table import Row
from utils.dataset.intake.photographs import NewPhotographs
from utils.errors import InputError

WHOLE = {
    "tar": hostile.SMALL,
    "zip": hostile.ZIP,
    **{f"tar.{kind}": pack(hostile.SMALL) for kind, pack in hostile.COMPRESSORS.items()},
}
"""Two photographs in an archive of each kind."""

CUT = "refused"
CUT_TAR = "refused; but for zeros at its end, without which both photographs are read"
FLIPPED = "refused, or what is read is as it was and what is not is counted"


def rows(quick: bool) -> Iterator[Row]:
    """Inject every fault; with `quick`, some of them, which fall on every bit of a byte."""
    with tempfile.TemporaryDirectory() as folder:
        for kind, whole in WHOLE.items():
            path = Path(folder) / f"a.{kind}"
            times = cuts(path, whole, 13 if quick else 1)
            yield Row(
                f"{kind} of {len(whole):,} bytes cut",
                times,
                CUT_TAR if kind == "tar" else CUT,
                "nothing",
            )
            times = flips(path, whole, 37 if quick else 1)
            yield Row("a bit of it flipped", times, FLIPPED, "nothing")


def cuts(path: Path, whole: bytes, step: int) -> int:
    """Read an archive cut at every `step`-th length, and one byte before its end."""
    lengths = [*range(0, len(whole), step), len(whole) - 1]
    found = {length: outcome(path, whole[:length]) for length in lengths}
    assert all(one in (None, (hostile.PHOTOS, 0)) for one in found.values())
    zeros = 512 if path.suffix == ".tar" else 0
    assert not [length for length, one in found.items() if one and length < len(whole) - zeros]
    return len(found)


def flips(path: Path, whole: bytes, step: int) -> int:
    """Read an archive with every `step`-th bit flipped.

    Checksums cover the bytes of all but a plain tar, which has them for its headers only.
    """
    bits = range(0, 8 * (512 if path.suffix == ".tar" else len(whole)), step)
    for bit in bits:
        data = bytearray(whole)
        data[bit // 8] ^= 1 << bit % 8
        found, ignored = outcome(path, data) or (hostile.PHOTOS, 0)
        assert found.items() <= hostile.PHOTOS.items(), f"{path.name}: bit {bit}"
        assert len(found) + ignored == len(hostile.PHOTOS), f"{path.name}: bit {bit}"
    return len(bits)


def outcome(path: Path, data: bytes) -> tuple[dict[str, bytes], int] | None:
    """Return the photographs of an archive and the number of other files; None for an error."""
    path.unlink(missing_ok=True)  # as some disks are slow at writing over a file
    path.write_bytes(data)
    try:
        with NewPhotographs([path]) as found:
            photos = {photo.filename: photo.image for photo in found.read()}
    except InputError:
        return None
    return photos, sum(found.facts["left_alone"].values()) + sum(found.facts["not_read"].values())
