"""What became of the files that were dealt to be annotated: saved by a tool, untouched, or copied.

Tools write where they like. What nobody touched holds what is known already, so it is as if it were
not there: else it would stand beside what a tool wrote of the same photograph.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from utils.dataset.formats.yolo_names import parse_names
from utils.dataset.intake.archives import Source
from utils.dataset.intake.kinds import is_for_people, suffix
from utils.dataset.intake.paths import place
from utils.dataset.intake.yolo_classes import is_class_list
from utils.dataset.labels import CLASSES
from utils.dataset.suggestion import IMAGES, SUGGESTION, Suggestion, sha256
from utils.errors import InputError, number_of

OPTION = "--predict-annotations"

_ANNOTATIONS = (".xml", ".txt", ".json")


class DealtFiles(NamedTuple):
    """What became of the files that were dealt with the photographs.

    Attributes
    ----------
    leave
        Those that nobody touched: what they hold is known, and other files may say it anew.
    untouched
        The photographs whose own file of annotations nobody touched.
    in_place
        Whether somebody saved others of these files.
    others
        Whether there are other annotations than those that nobody touched.
    """

    leave: frozenset[str]
    untouched: frozenset[str]
    in_place: bool
    others: bool


def read_suggestion(path: Path) -> tuple[Suggestion, DealtFiles]:
    """Return the record of the sample, and what became of its other files.

    Raises
    ------
    InputError
        If there is no such record, several, or one that was changed.
    """
    try:
        opened = Source(path)
    except InputError as error:
        raise InputError(f"{OPTION} {error}") from error
    with opened as source:
        found = [name for name in source.files if name.rpartition("/")[2] == SUGGESTION]
        if not found:
            raise InputError(
                f"{OPTION} {path}: has no {SUGGESTION}, which says that these photographs were "
                "drawn at random and with what chance. Photographs that somebody chose do not tell "
                "of the others; annotate those that `python workflow.py suggest RUN_DIR` or "
                f"`python detect.py ... --suggest NUMBER` deals, and keep its {SUGGESTION} beside "
                "them"
            )
        if len(found) > 1:
            raise InputError(
                f"{OPTION} {path}: holds {len(found)} of {SUGGESTION} ({', '.join(found[:3])}); "
                "give one sample"
            )
        [name] = found
        suggestion = Suggestion.parse(source.read(name), f"{OPTION} {source.where(name)}")
        return suggestion, _ours(source, name.removesuffix(SUGGESTION), suggestion)


def _ours(source: Source, root: str, suggestion: Suggestion) -> DealtFiles:
    """Return what became of the files that were dealt below `root`."""

    def kept(files: Mapping[str, str]) -> tuple[set[str], set[str]]:
        there = {f"{root}{file}": digest for file, digest in files.items()}
        there = {file: digest for file, digest in there.items() if file in source.files}
        same = {file for file, digest in there.items() if sha256(source.read(file)) == digest}
        return same, there.keys() - same

    same, saved = kept(suggestion.filled_in)
    there = {one.file: f"{root}{IMAGES}/{one.file}" for one in suggestion.photos}
    gone = {
        place(one.file).stem
        for one in suggestion.photos
        if there[one.file] not in source.files or sha256(source.read(there[one.file])) != one.digest
    }
    same = {file for file in same if place(file).stem not in gone}
    lists, saved_lists = kept(suggestion.lists)
    left = source.files.keys() - same - lists
    # a list of classes that a tool wrote speaks for its labels; ours may be of another order
    leave = same | lists if any(map(is_class_list, left)) else set(same)
    leave |= _copied(source, root, suggestion)
    others = any(
        suffix(file) in _ANNOTATIONS and not is_class_list(file) and not is_for_people(file)
        for file in left - {f"{root}{SUGGESTION}"}
    )
    stems = {place(file).stem for file in same}
    untouched = {one.file for one in suggestion.photos if place(one.file).stem in stems}
    if saved and untouched:
        _check_lists(source, saved_lists, len(untouched))
    return DealtFiles(frozenset(leave), frozenset(untouched), bool(saved), others)


def _check_lists(source: Source, lists: Iterable[str], untouched: int) -> None:
    """Refuse labels that nobody saved beside a list that a tool wrote in another order.

    Bytes do not tell whether one was saved: index 0 may be the first class of either list.
    """
    for path in lists:
        names = parse_names(source.read(path), path).by_index
        told = [(names.get(index), ours) for index, ours in enumerate(CLASSES)]
        if any(name in CLASSES and name != ours for name, ours in told):
            raise InputError(
                f"{OPTION} {source.where(path)}: was written anew with the classes in another "
                f"order, and {number_of(untouched, 'file of labels is', 'files of labels are')} "
                "as dealt, so nobody knows by which order they go; save each photograph in the "
                "tool, also where all was right"
            )


def _copied(source: Source, root: str, suggestion: Suggestion) -> set[str]:
    """Return the photographs as they were dealt of which an export holds a copy of that name.

    Both would claim its annotation. Ours stays where somebody annotated it in its own folder.
    """
    named: dict[str, list[str]] = defaultdict(list)
    for file in source.files:
        named[file.rpartition("/")[2]].append(file)
    result = set()
    for one in suggestion.photos:
        ours = f"{root}{IMAGES}/{one.file}"
        copies = [file for file in named[one.file] if file != ours]
        beside = (ours.rpartition(".")[0] + end in source.files for end in _ANNOTATIONS)
        alone = len(copies) == 1 and ours in source.files and not any(beside)
        if alone and sha256(source.read(copies[0])) == one.digest:
            result.add(ours)
    return result
