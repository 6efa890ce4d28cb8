"""What lies in a source that holds no annotated photographs, and what to do about it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from utils.dataset.class_spellings import is_known
from utils.dataset.formats.recognise import ADVICE, LISTS, READ, advice
from utils.dataset.intake.archives import ARCHIVE_SUFFIXES, Source
from utils.dataset.intake.class_folders import class_folders
from utils.dataset.intake.contents import kind_of
from utils.dataset.intake.kinds import counted, fixes, is_for_people, suffix, unread_photograph
from utils.dataset.intake.paths import (
    ANNOTATION_FOLDERS,
    IMAGE_FOLDERS,
    folder_of,
    place,
)
from utils.errors import brief

_ARCHIVES = (*ARCHIVE_SUFFIXES, ".rar", ".7z", ".gz")
_LOOKED_INTO = 200  # texts that are opened to say what they are
_TEXTS = (".json", ".csv", ".xml", ".txt", ".manifest", ".jsonl", ".ndjson")
_UNREAD = {
    **dict.fromkeys((".csv", ".tsv"), "a table (CSV)"),
    **dict.fromkeys((".tfrecord", ".tfrecords", ".record"), "TFRecord"),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "a spreadsheet"),
    **dict.fromkeys((".jsonl", ".ndjson"), "JSON lines"),
    **dict.fromkeys((".h5", ".hdf5"), "HDF5"),
    **dict.fromkeys((".arrow", ".feather"), "Arrow"),
    ".parquet": "Parquet",
    ".mat": "MATLAB",
    ".pkl": "a pickle",
    **dict.fromkeys((".npy", ".npz"), "NumPy"),
}
_FOLDERS = ANNOTATION_FOLDERS | IMAGE_FOLDERS  # darknet's labels lie in `obj_train_data`
_FORMATS = "PASCAL VOC (.xml), YOLO (.txt), COCO (.json) or CVAT for images (.xml)"
NO_PHOTOGRAPHS = "no photographs (.jpg .png .webp .bmp .tif)"


def explain(source: Source, photos: Sequence[str], wanted: str | None = None) -> str:
    """Say what a source holds in place of a data set, and what to do.

    Parameters
    ----------
    photos
        The photographs in it.
    wanted
        The only format that was looked for, if one was asked for.
    """
    files = list(source.files)
    if wanted:
        return (
            f"holds no {wanted} annotations of its {len(photos):,} photographs; found "
            f"{_counted(files)}; drop --format, or name the right one"
        )
    if above := _half_of_a_set(source):
        return f"holds only one half of a data set; give the folder above, {above}"
    if not photos:
        return explain_no_photographs(files)
    if other := _other_format(source, photos):
        return other
    if classes := _class_folders(photos):
        return (
            f"{len(photos):,} photographs in folders {classes}: a set for classification, without "
            "boxes; --task classify learns to judge single faces from it. To find faces, draw a "
            "box around each (LabelImg, CVAT, ...) and save them as VOC or YOLO"
        )
    empty = [path for path in files if _is_annotation(path)]
    if empty:
        return (
            f"{len(photos):,} photographs, and {_counted(empty)} of which none annotates one of "
            f"them; expected {_FORMATS}, in a file of the photograph's name each, or one for many"
        )
    return (
        f"{len(photos):,} photographs ({_folders(photos)}), but nothing annotates them; expected "
        f"{_FORMATS} beside them; new photographs to look at are given by --predict"
    )


def _half_of_a_set(source: Source) -> Path | None:
    """Return the folder above, if what was named is its images/ or annotations/ with a twin."""
    here = source.path.absolute()
    kinds = (IMAGE_FOLDERS, ANNOTATION_FOLDERS)
    for own, other in (kinds, kinds[::-1]):
        if here.is_dir() and here.name.lower() in own:
            beside = (path.name.lower() for path in here.parent.iterdir() if path.is_dir())
            return here.parent if not other.isdisjoint(beside) else None
    return None


def explain_no_photographs(files: Sequence[str]) -> str:
    """Say what files there are where there is no photograph."""
    if not files:
        return f"{NO_PHOTOGRAPHS}: it is empty, but for hidden files; is it the right folder?"
    archives = [path for path in files if suffix(path) in _ARCHIVES]
    if archives:
        return (
            f"{NO_PHOTOGRAPHS}, but archives inside ({_examples(archives)}); unpack them into one "
            "folder, and give that"
        )
    unread = Counter(filter(None, map(unread_photograph, files)))
    if unread:
        told = counted(dict(sorted(unread.items())))
        return f"{NO_PHOTOGRAPHS} that can be read, but {told}; {fixes(unread)}"
    other = next((_UNREAD[end] for path in files if (end := suffix(path)) in _UNREAD), None)
    if other and other != "a table (CSV)":
        return (
            f"{NO_PHOTOGRAPHS}, but {_counted(files)} ({other}, which is not read); export the "
            f"photographs, and {_FORMATS}"
        )
    if any(map(_is_annotation, files)):
        return (
            f"{NO_PHOTOGRAPHS}, but annotations alone: {_counted(files)}; put the photographs "
            "beside them"
        )
    return f"{NO_PHOTOGRAPHS}; found {_counted(files)}; is it the right folder?"


def _other_format(source: Source, photos: Sequence[str]) -> str | None:
    """Say what annotations there are in a format that is not read, and what to do with them."""
    found: dict[str, str] = {}  # an example of each kind
    texts = (path for path in source.files if suffix(path) in _TEXTS and not is_for_people(path))
    for path in sorted(texts)[:_LOOKED_INTO]:
        if (kind := kind_of(source, path)) and kind not in READ:
            found.setdefault(kind, path)
    if found:
        kind, path = min(found.items(), key=lambda item: item[0] in LISTS)
        return (
            f"{len(photos):,} photographs, and {brief(path)}: {kind}, which is not read; "
            f"{advice(kind)}"
        )
    other = next((path for path in sorted(source.files) if suffix(path) in _UNREAD), None)
    if other is None:
        return None
    kind = _UNREAD[suffix(other)]
    told = f"{len(photos):,} photographs, and {brief(other)}: {kind}, which is not read; "
    return told + ADVICE.get(kind, f"export it as {_FORMATS}")


def _class_folders(photos: Sequence[str]) -> str | None:
    """Return the folders that photographs are sorted into by class, or None."""
    names = {home[:-1].rpartition("/")[2] for home in class_folders(photos).values()}
    if sum(map(is_known, names)) < 2:
        return None
    return " and ".join(sorted(f"{name}/" for name in names)[:4])


def _is_annotation(path: str) -> bool:
    end = suffix(path)
    return end in (".xml", ".json") or (
        end == ".txt" and not _FOLDERS.isdisjoint(place(path).folders)
    )


def _counted(files: Sequence[str]) -> str:
    counts = Counter(suffix(path) or "files without suffix" for path in files)
    told = ", ".join(f"{count:,} {end}" for end, count in counts.most_common(4))
    return told + (", ..." if len(counts) > 4 else "")


def _folders(paths: Sequence[str]) -> str:
    folders = sorted({folder_of(path) or "./" for path in paths})
    return ", ".join(folders[:3]) + (", ..." if len(folders) > 3 else "")


def _examples(paths: Sequence[str]) -> str:
    named = ", ".join(brief(path) for path in sorted(paths)[:3])
    return named + (", ..." if len(paths) > 3 else "")
