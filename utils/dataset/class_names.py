"""What the class names of public mask data sets mean.

The spellings are those of Kaggle's "Face Mask Detection", PWMFD, FMLD, MAFA, AIZOO, Medical Masks,
MaskedFace-Net, Moxa3K, VictorLin's "good, bad, none", and of exports that people share. Names are
compared by their letters and digits alone: ``With_Mask``, ``with-mask`` and ``withMask`` are one.
"""

import re
import shlex
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches

from utils.dataset.labels import CLASSES
from utils.errors import InputError, brief, suggestion

IGNORE = "ignore"
"""Says that boxes of a class are left out."""

WORN, BARE, WRONG = CLASSES
_NAMED = 30  # how many names an error lists

_SPELLINGS = {
    WORN: """
        with_mask with_a_mask with_masks with_face_mask masked face_mask face_masks face_with_mask
        face_with_a_mask faces_with_mask masked_face masked_faces person_with_mask
        people_with_mask person_mask head_with_mask have_mask has_mask having_mask mask_on
        mask_yes yes_mask wear_mask wears_mask wearing_mask wearing_a_mask wearing_face_mask
        is_wearing_mask mask_wearing mask_worn mask_weared good good_mask mask_good correct
        correctly correct_mask mask_correct mask_correctly correctly_masked correctly_masked_face
        correct_masked_face face_with_mask_correct with_correct_mask with_mask_correct
        mask_worn_correctly mask_weared_correct mask_weared_correctly mask_wear_correct
        mask_worn_properly mask_worn_correct wearing_mask_correctly proper properly proper_mask
        properly_masked mask_proper properly_worn properly_worn_mask worn_properly worn_correctly
        properly_wearing_mask correctly_worn correctly_worn_mask correctly_wearing_mask face_nask
        CMFD con_mascarilla com_mascara con_mascherina avec_masque mit_maske maskeli 戴口罩
        佩戴口罩
    """,
    BARE: """
        without_mask without_a_mask without_masks without_face_mask without no_mask no_masks
        no_face_mask non_mask non_masked not_mask not_masked none no_mask_face no_masked_face
        face_no_mask face_without_mask face_without_a_mask faces_without_mask face_unmasked unmask
        unmasked unmasked_face unmasked_faces without_mask_face person_without_mask
        people_without_mask person_no_mask head_without_mask have_no_mask has_no_mask mask_no
        mask_off mask_none no_mask_worn mask_not_worn not_wearing_mask not_wearing_a_mask
        no_wearing_mask wearing_no_mask without_wearing_mask not_wear_mask not_worn maskless bare
        bare_face barefaced naked_face no_mask_on sin_mascarilla sem_mascara senza_mascherina
        sans_masque ohne_maske maskesiz 未戴口罩 没戴口罩 不戴口罩
    """,
    WRONG: """
        mask_weared_incorrect mask_weared_incorrectly mask_worn_incorrect mask_worn_incorrectly
        mask_wear_incorrect mask_worn_improperly mask_worn_wrong mask_worn_wrongly
        worn_incorrectly worn_improperly incorrect incorrectly incorrect_mask incorrect_masks
        mask_incorrect mask_incorrectly with_incorrect_mask with_mask_incorrect incorrectly_masked
        incorrectly_masked_face incorrect_masked_face incorrect_masked incorrect_face_mask
        face_with_mask_incorrect face_with_incorrect_mask face_incorrect_mask face_mask_incorrect
        incorrectly_worn incorrectly_worn_mask incorrectly_wearing_mask incorrect_wearing
        incorrect_mask_wearing incorrect_mask_worn wearing_mask_incorrect wearing_mask_incorrectly
        wearing_incorrect_mask wear_incorrectly improper improperly improper_mask mask_improper
        improperly_masked improperly_worn improperly_worn_mask improperly_wearing_mask
        improper_worn improper_worn_mask improper_masked not_proper not_properly not_proper_mask
        mask_not_proper not_correct not_correct_mask bad bad_mask mask_bad bad_masked wrong
        wrongly wrong_mask mask_wrong wrongly_masked wrongly_worn wrong_masked wrong_wearing
        mask_wrong_worn poor poorly poor_mask poorly_masked mask_poor partial partially
        partial_mask partial_masked partially_masked partially_masked_face partially_covered
        misworn mask_misworn misused mask_misused mask_under_nose mask_below_nose below_nose
        under_nose nose_out nose_exposed exposed_nose nose_uncovered uncovered_nose mask_on_chin
        mask_chin mask_under_chin mask_below_chin chin_mask mask_under_mouth mask_below_mouth
        mask_mouth_chin mask_nose_mouth mask_not_covering_nose uncovered_chin
        uncovered_nose_and_mouth chin_exposed exposed_chin IMFD
    """,
}

_HINTS = (
    (WRONG, "incorrect wrong bad improper poor partial half nose chin mouth mis below under loose"),
    (BARE, "no not non none without un bare naked less off"),
    (WORN, "mask masks masked correct proper good with covered n95 ffp2 kn95 surgical cloth"),
)
"""Words and beginnings of words that suggest a class, the most telling first."""

_ABOUT = ("mask", "face", "wear", "worn", "cover", "nose", "chin", "mouth")
"""In a name of several words, one is about these, or the name is about something else."""


def _key(name: str) -> str:
    """Return the letters and digits of a name; accents come apart in this form, and drop out."""
    apart = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in apart if char.isalnum())


MEANINGS = {_key(name): ours for ours, names in _SPELLINGS.items() for name in names.split()}
"""Our class by the key of a name that is clear wherever it stands."""

FACE, MASK = frozenset(("face", "faces")), frozenset(("mask", "masks"))
"""Keys that have their meaning by the set: FACE is a bare face only where masked ones have a class
of their own, and no other is bare; MASK is a masked face only where no other name means one, since
else it may be the piece of cloth itself."""


def is_known(name: str) -> bool:
    """Return whether a name is one that public mask sets use, clear or not."""
    return _key(name) in MEANINGS.keys() | FACE | MASK


def parse_told(pairs: Iterable[str]) -> dict[str, str]:
    """Read ``their=ours`` pairs, as ``--classes`` and the TOML file give them.

    Raises
    ------
    InputError
        If a pair has no ``=``, names none of ours, or gives one name two meanings.
    """
    told: dict[str, str] = {}
    for pair in pairs:
        theirs, equals, ours = (part.strip() for part in pair.rpartition("="))
        if not equals or not theirs:
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
    InputError
        If names are not known, all in one message with what settles it; if `told` has a name that
        is not in the data set, or a class that is none of ours.
    """
    meanings = _match(counts, told)
    open_names = [name for name in counts if name not in meanings]
    meanings |= {name: ours for name in open_names if (ours := MEANINGS.get(_key(name)))}
    masks = [name for name in open_names if _key(name) in MASK]
    if WORN not in meanings.values():
        meanings |= dict.fromkeys(masks, WORN)
    faces = [name for name in open_names if _key(name) in FACE]
    if BARE not in meanings.values() and {WORN, WRONG}.intersection(meanings.values()):
        meanings |= dict.fromkeys(faces, BARE)
    unknown = [name for name in open_names if name not in meanings]
    if unknown and unknown == faces and not any(meanings.values()):
        raise InputError(
            f"the class {', '.join(_told(name, counts) for name in faces)} says where faces are, "
            "but not whether a mask is worn; annotate faces with and without masks as two classes"
        )
    if unknown:
        raise InputError(_unknown(unknown, counts, meanings))
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
    """Return which of our classes an unknown name may mean, by its words and its spelling."""
    near = get_close_matches(_key(name), MEANINGS, n=1, cutoff=0.8)
    words = _words(name)
    if near:
        return MEANINGS[near[0]]
    if len(words) > 1 and not any(part in word for word in words for part in _ABOUT):
        return None
    for ours, hints in _HINTS:
        for hint in hints.split():
            if any(word == hint or (len(hint) > 3 and word.startswith(hint)) for word in words):
                return ours
    return None


def _words(name: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.findall(r"[^\W_]+", spaced.casefold())


def _check_ours(theirs: str, ours: str) -> None:
    known = (*CLASSES, IGNORE)
    if ours not in known:
        raise InputError(
            f"--classes {brief(theirs)}={brief(ours)}: '{brief(ours)}' is none of our classes; "
            f"{suggestion(ours, known)}; there are {', '.join(known)}"
        )


def _match(counts: Mapping[str, int], told: Mapping[str, str]) -> dict[str, str | None]:
    """Find the names that are told of, spelled alike where none is spelled the same."""
    found: dict[str, str | None] = {}
    exact = {name: ours for name, ours in told.items() if name in counts}
    for theirs, ours in told.items():
        _check_ours(theirs, ours)
        alike = [theirs] if theirs in counts else []
        alike = alike or [name for name in counts if _key(name) == _key(theirs)]
        if not alike:
            raise InputError(
                f"--classes {brief(theirs)}={ours}: no box of the data set is called "
                f"'{brief(theirs)}'; {suggestion(theirs, map(brief, counts))}"
            )
        for name in alike:
            if name in exact and name != theirs:
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
        near = None if _key(name) in FACE | MASK else guess(name)
        why = f"perhaps {near}" if near else _why_open(name, meanings)
        parts.append(f"{_told(name, counts)}{', ' if why else ''}{why}")
        options.append(shlex.quote(f"{name}={near or IGNORE}"))
    known = ", ".join(
        f"{brief(name)} is {ours}" for name, ours in meanings.items() if ours not in (None, name)
    )
    return (
        f"{len(unknown)} class name{'s are' if len(unknown) > 1 else ' is'} not known: "
        f"{'; '.join(parts)}{more}. Say what each means, of {', '.join(CLASSES)}, or {IGNORE} to "
        f"leave its boxes out: --classes {' '.join(options)}"
        + (f" (known: {known})" if known else "")
    )


def _why_open(name: str, meanings: Mapping[str, str | None]) -> str:
    """Return why a name that has its meaning by the set has none in this one."""
    if _key(name) in MASK:
        return "masked faces have another name, too"
    if _key(name) in FACE:
        bare = BARE in meanings.values()
        return "bare faces have another name, too" if bare else "no class of masked faces beside it"
    return ""


def _told(name: str, counts: Mapping[str, int]) -> str:
    faces = counts[name]
    return f"'{brief(name, 40)}' ({faces:,} box{'' if faces == 1 else 'es'})"
