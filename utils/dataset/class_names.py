"""What the class names of a data set mean: by their spelling, by the set, or as they are told."""

import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from utils.dataset.class_spellings import BARE, FACE, MASK, MEANINGS, WORN, WRONG, key_of
from utils.dataset.labels import CLASSES
from utils.errors import InputError, brief, suggestion

IGNORE = "ignore"
"""Says that boxes of a class are left out."""

_NAMED = 30  # how many names an error lists

_HINTS = (
    (WRONG, "incorrect wrong bad improper poor partial half nose chin mouth mis below under loose"),
    (WRONG, "falsch inkorrekt schlecht mal sbagliata errada verkeerd"),
    (BARE, "no not non none without un bare naked less off absent missing lacking removed never"),
    (BARE, "kein keine ohne nicht sin sem senza sans pas zonder geen"),
    (WORN, "mask masks masked correct proper good with covered n95 ffp2 kn95 surgical cloth"),
    (WORN, "masque mascara mascarilla mascherina mit con com avec"),
)
"""Words and beginnings of words that suggest a class, the most telling first."""

_ABOUT = ("mask", "masqu", "masc", "face", "wear", "worn", "cover", "nose", "chin", "mouth")
"""A name of several words, none of which is about these, is about something else."""

_ENDING = 3
"""Letters by which a word may go on: "masked", "wearing", and not "maskfree"."""

_BESIDE = ("a", "the", "is", "on", "of", "has", "have", "having", "person", "people", "head")
"""Words that say nothing of a mask, and take nothing back that others say."""


class UnknownClasses(InputError):
    """Class names are not known.

    Attributes
    ----------
    names
        Those, as spelled in the files.
    """

    def __init__(self, message: str, names: Sequence[str]) -> None:
        super().__init__(message)
        self.names = list(names)


def parse_told(pairs: Iterable[str]) -> dict[str, str]:
    """Read ``their=ours`` pairs, as ``--classes`` and the TOML file give them.

    Raises
    ------
    InputError
        If a pair has no ``=``, names none of our classes, or gives one name two meanings.
    """
    told: dict[str, str] = {}
    for pair in pairs:
        theirs, equals, ours = (part.strip() for part in pair.rpartition("="))
        if not equals:
            raise InputError(
                f"--classes {brief(pair)}: expected THEIRS=OURS, such as helmet={IGNORE}"
            )
        if told.setdefault(theirs, ours) != ours:
            raise InputError(f"--classes: '{brief(theirs)}' is given two meanings; leave one")
    for theirs, ours in told.items():
        _check_ours(theirs, ours)
    return told


def resolve(counts: Mapping[str, int], told: Mapping[str, str]) -> dict[str, str | None]:
    """Say what the class names of a whole data set mean.

    What is told counts first, then names that are clear wherever they stand, then those of `MASK`
    and `FACE`.

    Parameters
    ----------
    counts
        How many boxes each name has, as spelled in the files.
    told
        Our class, or `IGNORE`, for names of theirs.

    Returns
    -------
    dict
        For each name of `counts` our class, or None where its boxes are left out.

    Raises
    ------
    UnknownClasses
        If names are not known, all in one message with what settles it.
    InputError
        If `told` has a name that is not in the data set, or a class that is none of ours.
    """
    meanings = _match(counts, told)
    open_names = [name for name in counts if name not in meanings]
    meanings |= {name: ours for name in open_names if (ours := MEANINGS.get(key_of(name)))}
    masks = [name for name in open_names if key_of(name) in MASK]
    if WORN not in meanings.values():
        meanings |= dict.fromkeys(masks, WORN)
    faces = [name for name in open_names if key_of(name) in FACE]
    if BARE not in meanings.values() and {WORN, WRONG}.intersection(meanings.values()):
        meanings |= dict.fromkeys(faces, BARE)
    unknown = [name for name in open_names if name not in meanings]
    if unknown and unknown == faces and not any(meanings.values()):
        raise InputError(
            f"the class {', '.join(_told(name, counts) for name in faces)} says where faces are, "
            "but not whether a mask is worn; annotate faces with and without masks as two classes"
        )
    if unknown:
        raise UnknownClasses(_unknown(unknown, counts, meanings), unknown)
    return {name: meanings[name] for name in counts}


def why_too_few(meanings: Mapping[str, str | None], counts: Mapping[str, int]) -> str | None:
    """Return why these classes answer no question, and what to do; None where there are two.

    Parameters
    ----------
    meanings
        As `resolve` returns them.
    counts
        How many boxes each name has.
    """
    named = {name: ours for name, ours in meanings.items() if ours is not None and counts[name]}
    there = set(named.values())
    if len(there) > 1:
        return None
    if not there:
        return "no box is of a class that is told apart; annotate faces with and without masks"
    names = ", ".join(_told(name, counts) for name in named)
    return (
        f"all faces are of one class, {there.pop()} ({names}), so that there is nothing to tell "
        "apart; add photographs of faces of another class"
    )


def guess(name: str) -> str | None:
    """Return which of our classes an unknown name may mean, by its words and its spelling.

    A word more or less may turn a name into its opposite, in a language that is not known here. So
    a name is not near to one that it is a part of, and one that speaks of a mask means a worn one
    only if no word is left that might deny it.
    """
    key, words = key_of(name), _words(name)
    near = [one for one in get_close_matches(key, MEANINGS, cutoff=0.85) if not _holds(one, key)]
    if near:
        return MEANINGS[near[0]]
    if len(words) > 1 and not _is_about_masks(words):
        return None
    for ours, hints in _HINTS:
        if any(_suggests(word, hints) for word in words):
            return ours if ours != WORN or all(map(_denies_nothing, words)) else None
    return None


def _holds(one: str, other: str) -> bool:
    return one != other and (one in other or other in one)


def _suggests(word: str, hints: str) -> bool:
    return any(word == hint or (len(hint) > 3 and word.startswith(hint)) for hint in hints.split())


def _denies_nothing(word: str) -> bool:
    """Return whether a word is one of a worn mask, but for its ending, or says nothing of it."""
    worn = " ".join(hints for ours, hints in _HINTS if ours == WORN).split()
    near = (word.startswith(it) and len(word) - len(it) <= _ENDING for it in (*_ABOUT, *worn))
    return word in _BESIDE or word.isdecimal() or any(near)


def _is_about_masks(words: Iterable[str]) -> bool:
    return any(part in word for word in words for part in _ABOUT)


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    plain = unicodedata.normalize("NFKD", spaced.casefold())
    return re.findall(r"[^\W_]+", "".join(it for it in plain if not unicodedata.combining(it)))


def _check_ours(theirs: str, ours: str) -> None:
    known = (*CLASSES, IGNORE)
    if ours not in known:
        raise InputError(
            f"--classes {brief(theirs)}={brief(ours)}: '{brief(ours)}' is none of our classes; "
            f"{suggestion(ours, known)}"
        )


def _match(counts: Mapping[str, int], told: Mapping[str, str]) -> dict[str, str | None]:
    """Find the names that are told of, spelled alike where none is spelled the same."""
    found: dict[str, str | None] = {}
    exact = {name: ours for name, ours in told.items() if name in counts}
    for theirs, ours in told.items():
        _check_ours(theirs, ours)
        alike = [theirs] if theirs in counts else []
        alike = alike or [name for name in counts if key_of(name) == key_of(theirs) != ""]
        if not alike:
            raise InputError(
                f"--classes {brief(theirs)}={ours}: no box of the data set is called "
                f"'{brief(theirs)}'; {suggestion(theirs, map(brief, counts))}"
            )
        for name in alike:
            if name in exact and name != theirs and exact[name] == ours:
                continue
            meaning = None if ours == IGNORE else ours
            if found.setdefault(name, meaning) != meaning:
                raise InputError(f"--classes: '{brief(name)}' is given two meanings; leave one")
    return found


def _unknown(
    unknown: Sequence[str], counts: Mapping[str, int], meanings: Mapping[str, str | None]
) -> str:
    shown = sorted(unknown, key=lambda name: (-counts[name], name))[:_NAMED]
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    parts, options = [], []
    for name in shown:
        near = None if key_of(name) in FACE | MASK else guess(name)
        why = f"perhaps {near}" if near else _why_open(name, meanings)
        parts.append(f"{_told(name, counts)}{', ' if why else ''}{why}")
        options.append(shlex.quote(f"{name}={near or _left_open(name)}"))
    known = ", ".join(
        f"{brief(name)} is {ours}" for name, ours in meanings.items() if ours not in (None, name)
    )
    return (
        f"{len(unknown)} class name{'s are' if len(unknown) > 1 else ' is'} not known: "
        f"{'; '.join(parts)}{more}. Say what each means, of {', '.join(CLASSES)}, or {IGNORE} to "
        f"leave its boxes out: --classes {' '.join(options)}"
        + (f" (known: {known})" if known else "")
    )


def _left_open(name: str) -> str:
    """Return what stands for a name that might mean anything.

    One about masks is asked about again: to leave out all faces of a class biases the share.
    """
    return "?" if _is_about_masks(_words(name)) else IGNORE


def _why_open(name: str, meanings: Mapping[str, str | None]) -> str:
    """Return why a name that has its meaning by the set has none in this one."""
    if key_of(name) in MASK:
        return "masked faces have another name, too"
    if key_of(name) in FACE:
        bare = BARE in meanings.values()
        return "bare faces have another name, too" if bare else "no class of masked faces beside it"
    return ""


def _told(name: str, counts: Mapping[str, int]) -> str:
    faces = counts[name]
    return f"'{brief(name, 40)}' ({faces:,} box{'' if faces == 1 else 'es'})"
