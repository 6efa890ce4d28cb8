"""A data set as it was downloaded becomes ``dataset.tar``; photos to predict on become shards.

Only the standard library is used, and one photograph at a time is held in memory: this is part of
starting the workflow, for 100,000 photographs too.
"""

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from utils.dataset.intake.archives import IMAGE_SUFFIXES, Source
from utils.dataset.shards import Photo, write_shard
from utils.errors import InputError, is_full_disk

log = logging.getLogger(__name__)

_IMAGES, _ANNOTATIONS = "images", "annotations"
_NAMED = 5  # how many examples an error names


@dataclass(frozen=True)
class Entry:
    """Where a photograph lies: the source it is in, and the paths of its files therein."""

    source: Source
    image: str
    annotation: str | None = None

    def read(self) -> Photo:
        """Return the photograph with the bytes of its files."""
        filename = self.image.rpartition("/")[2]
        voc = None if self.annotation is None else self.source.read(self.annotation)
        return Photo(_stem(filename), filename, self.source.read(self.image), voc)


def check_dataset(path: Path) -> dict[str, int]:
    """Check what `pack_dataset` checks, and write nothing.

    Returns ``{"photos": n, "ignored": n}``; `ignored` counts files that are neither.
    """
    with Source(path) as source:
        entries, ignored = find_dataset(source)
        return {"photos": len(entries), "ignored": ignored}


def pack_dataset(path: Path, output: Path) -> dict[str, int]:
    """Write the photographs of a data set, with their annotations, to the shard `output`.

    Parameters
    ----------
    path
        A folder, zip or tar that holds, in whatever sub-folder, the folders ``images`` and
        ``annotations`` side by side.

    Returns
    -------
    dict
        ``{"photos": n, "ignored": n}``, as `check_dataset`.

    Raises
    ------
    InputError
        If there are no photographs or no annotations, an image lacks its annotation or the
        reverse, two photographs share a stem, or `output` cannot be written.
    """
    with Source(path) as source:
        entries, ignored = find_dataset(source)
        _write(output, entries)
        return {"photos": len(entries), "ignored": ignored}


def check_photos(paths: Sequence[Path], shards: int = 1) -> dict[str, int]:
    """Check what `pack_photos` checks, and write nothing."""
    with ExitStack() as stack:
        entries, ignored = find_photos(paths, shards, stack)
        return {"photos": len(entries), "ignored": ignored}


def pack_photos(paths: Sequence[Path], outputs: Sequence[Path]) -> dict[str, int]:
    """Deal photographs without annotations, sorted by stem, to the shards `outputs` in turn.

    Parameters
    ----------
    paths
        Photographs, and folders and archives of them at any depth.

    Raises
    ------
    InputError
        If there are fewer photographs than shards, or two share a stem.
    """
    with ExitStack() as stack:
        entries, ignored = find_photos(paths, len(outputs), stack)
        for number, output in enumerate(outputs):
            _write(output, entries[number :: len(outputs)])
        return {"photos": len(entries), "ignored": ignored}


def find_dataset(source: Source) -> tuple[list[Entry], int]:
    """Return the annotated photographs of a source, sorted by stem, and how many files are none."""
    root = _root(source)
    images = {name for name in source.files if _is_in(name, root, _IMAGES)}
    annotations = {name for name in source.files if _is_in(name, root, _ANNOTATIONS)}
    photos = _by_stem(source, (name for name in images if _is_image(name)))
    voc = _by_stem(source, (name for name in annotations if name.lower().endswith(".xml")))
    if not photos:
        raise InputError(
            f"{source.path}: no photographs in {root + _IMAGES!r} ({' '.join(IMAGE_SUFFIXES)})"
        )
    if not voc:
        raise InputError(f"{source.path}: no VOC annotations (.xml) in {root + _ANNOTATIONS!r}")
    _refuse(source, "photographs without an annotation", photos.keys() - voc.keys(), voc)
    _refuse(source, "annotations without a photograph", voc.keys() - photos.keys(), photos)
    entries = [Entry(source, photos[stem], voc[stem]) for stem in sorted(photos)]
    ignored = len(images) + len(annotations) - 2 * len(entries)
    return entries, ignored


def find_photos(paths: Sequence[Path], shards: int, stack: ExitStack) -> tuple[list[Entry], int]:
    """Return the photographs under `paths`, sorted by stem, and how many files are none.

    The sources stay open until `stack` is closed.
    """
    entries: dict[str, Entry] = {}
    ignored = 0
    for path in paths:
        source = stack.enter_context(Source(path))
        photos = _by_stem(source, filter(_is_image, source.files))
        ignored += len(source.files) - len(photos)
        for stem in photos.keys() & entries.keys():
            raise InputError(
                f"{path}: {photos[stem]!r} and {entries[stem].image!r} share the name {stem!r}, "
                "by which predictions are reported; rename one"
            )
        entries |= {stem: Entry(source, image) for stem, image in photos.items()}
    if not entries:
        names = ", ".join(map(str, paths)) or "nothing"
        raise InputError(f"no photographs ({' '.join(IMAGE_SUFFIXES)}) in {names}")
    if len(entries) < shards:
        raise InputError(
            f"{len(entries)} photographs to predict on cannot fill {shards} shards; "
            f"ask for at most {len(entries)}"
        )
    return [entries[stem] for stem in sorted(entries)], ignored


def _root(source: Source) -> str:
    """Return the path, ending in ``/`` or empty, under which the two folders lie side by side."""
    folders: dict[str, set[str]] = {_IMAGES: set(), _ANNOTATIONS: set()}
    for name in source.files:
        parent = name.rpartition("/")[0]
        root, _, folder = parent.rpartition("/")
        if folder in folders:
            folders[folder].add(f"{root}/" if root else "")
    both = sorted(folders[_IMAGES] & folders[_ANNOTATIONS])
    if len(both) == 1:
        return both[0]
    if both:
        places = ", ".join(repr(root or "./") for root in both)
        raise InputError(f"{source.path}: holds several data sets ({places}); name one of them")
    if folders[_IMAGES]:
        where = f"{min(folders[_IMAGES])}{_IMAGES}/"
        raise InputError(
            f"{source.path}: there is {where!r} but no {_ANNOTATIONS}/ with files beside it"
        )
    raise InputError(
        f"{source.path}: no folder {_IMAGES}/ with photographs beside a folder {_ANNOTATIONS}/"
    )


def _by_stem(source: Source, names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in names:
        stem = _stem(name.rpartition("/")[2])
        # Line breaks, bytes that are no UTF-8, and what no shard may hold. Spaces of other widths,
        # as in the names of macOS's screenshots, are not printable by Python's definition.
        shown = "".join(char for char in stem if unicodedata.category(char) != "Zs")
        if not shown.isprintable() or "\\" in stem:
            raise InputError(f"{source.path}: {name!r} has characters that break tables; rename it")
        if stem in found:
            first, second = sorted((found[stem], name))
            raise InputError(f"{source.path}: {first!r} and {second!r} share a stem; rename one")
        found[stem] = name
    return found


def _refuse(source: Source, what: str, stems: set[str], others: Iterable[str]) -> None:
    if not stems:
        return
    named = ", ".join(sorted(stems)[:_NAMED]) + (", ..." if len(stems) > _NAMED else "")
    alike = {_looks(stem) for stem in stems} & {_looks(stem) for stem in others}
    fix = "add or remove the files"
    if alike:
        fix = "some differ only in case or Unicode normal form, rename them"
    raise InputError(f"{source.path}: {len(stems)} {what}: {named}; {fix}")


def _looks(stem: str) -> str:
    return unicodedata.normalize("NFC", stem).casefold()


def _write(output: Path, entries: Iterable[Entry]) -> None:
    try:
        write_shard(output, (entry.read() for entry in entries))
    except OSError as error:
        Path(output).with_name(Path(output).name + ".tmp").unlink(missing_ok=True)
        if is_full_disk(error):
            raise InputError(f"{output}: the disk is full; free some space") from error
        raise


def _is_in(name: str, root: str, folder: str) -> bool:
    return name.rpartition("/")[0] == f"{root}{folder}"


def _is_image(name: str) -> bool:
    return name.lower().endswith(IMAGE_SUFFIXES)


def _stem(filename: str) -> str:
    return filename.rpartition(".")[0]
