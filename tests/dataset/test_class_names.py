"""Class names of public data sets, and what is said of others."""

import shlex

import pytest

from utils.dataset.class_names import guess, parse_told, resolve, why_too_few
from utils.dataset.class_spellings import MEANINGS, is_known
from utils.dataset.labels import CLASSES
from utils.errors import InputError

WORN, BARE, WRONG = CLASSES


def mean(*names: str, **told: str) -> list[str | None]:
    return list(resolve(dict.fromkeys(names, 7), told).values())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("with_mask", "without_mask", "mask_weared_incorrect"), [WORN, BARE, WRONG]),
        (("with_mask", "without_mask", "incorrect_mask"), [WORN, BARE, WRONG]),  # PWMFD
        (("with_mask", "without_mask", "with_incorrect_mask"), [WORN, BARE, WRONG]),
        (("masked_face", "unmasked_face", "incorrectly_masked_face"), [WORN, BARE, WRONG]),  # FMLD
        (("face_with_mask", "face_no_mask", "face_with_mask_incorrect"), [WORN, BARE, WRONG]),
        (("face", "face_mask"), [BARE, WORN]),  # AIZOO
        (("face", "face_nask"), [BARE, WORN]),  # as misspelled there
        (("mask", "nomask"), [WORN, BARE]),  # Moxa3K
        (("Mask", "No_Mask"), [WORN, BARE]),
        (("mask", "no-mask"), [WORN, BARE]),
        (("NONE", "BAD", "GOOD"), [BARE, WRONG, WORN]),
        (("good", "poor", "none"), [WORN, WRONG, BARE]),
        (("no_mask", "proper_mask", "improper_mask"), [BARE, WORN, WRONG]),
        (("no_mask", "have_mask"), [BARE, WORN]),
        (("CMFD", "IMFD"), [WORN, WRONG]),
        (("without_mask", "mask_worn_incorrectly", "mask_worn_correctly"), [BARE, WRONG, WORN]),
        (("WithMask", "WithoutMask", "IncorrectMask"), [WORN, BARE, WRONG]),
        (("faceWithMask", "MaskedFace", "noMask"), [WORN, WORN, BARE]),
        (("Without Mask", "with-mask", "Mask Weared Incorrect"), [BARE, WORN, WRONG]),
        (("MASK", "Mask", "masks", "unmasked"), [WORN, WORN, WORN, BARE]),
        (("com máscara", "SIN_MASCARILLA", "戴口罩", "未戴口罩"), [WORN, BARE, WORN, BARE]),
        (("mask", "face"), [WORN, BARE]),
        (("face", "mask_below_nose"), [BARE, WRONG]),
        (("Face", "face", "masked"), [BARE, BARE, WORN]),
        (("Maske", "keine Maske", "falsch getragen"), [WORN, BARE, WRONG]),
        (("avec masque", "sans masque", "masque mal porté"), [WORN, BARE, WRONG]),
        (("máscara", "sem máscara", "mascarilla mal puesta"), [WORN, BARE, WRONG]),
        (("口罩", "未佩戴口罩", "口罩佩戴不当"), [WORN, BARE, WRONG]),
    ],
)
def test_names_of_public_sets_are_known(names, expected):
    assert mean(*names) == expected


def test_no_spelling_has_two_meanings():
    assert set(MEANINGS.values()) == set(CLASSES)
    for name, ours in MEANINGS.items():
        assert guess(name) == ours  # the rules of thumb do not contradict the table
    assert not {"face", "mask", "person", "head", "other"} & MEANINGS.keys()
    assert all(map(is_known, ("Mask", "faces", "No-Mask"))) and not is_known("helmet")


def test_what_is_told_comes_first_and_may_leave_names_out():
    assert mean("good", "helmet", "none", good=BARE, helmet="ignore") == [BARE, None, BARE]
    told = {"medical-MASK": WORN}
    assert resolve({"": 3, "?": 4}, {"": "ignore", "?": BARE}) == {"": None, "?": BARE}
    assert resolve({"Medical Mask": 3, "none": 4}, told) == {"Medical Mask": WORN, "none": BARE}
    both = {"mask": WORN, "Mask": "ignore"}
    assert resolve({"Mask": 1, "mask": 2, "none": 1}, both) == {
        "Mask": None, "mask": WORN, "none": BARE,
    }  # fmt: skip


def test_unknown_names_are_refused_at_once_with_counts_and_what_to_paste():
    counts = {"mask": 700, "nomask": 9, "helmet": 12, "incorect mask": 1234, "head's": 1}
    with pytest.raises(InputError) as caught:
        resolve(counts, {})
    message = str(caught.value)
    assert message.startswith("3 class names are not known: 'incorect mask' (1,234 boxes), perhaps")
    assert f"perhaps {WRONG}; 'helmet' (12 boxes); 'head\\'s' (1 box)." in message.replace(
        "'s'", "\\'s'"
    )
    options = message.partition("--classes ")[2]
    assert options.startswith(f"'incorect mask={WRONG}' helmet=ignore 'head'\"'\"'s=ignore'")
    assert "nomask is without_mask" in message and message.isprintable()


def test_the_option_that_is_told_settles_it():
    counts = {"mask": 7, "nomask": 9, "helmet": 12, "mask wrong side": 5}
    with pytest.raises(InputError) as caught:
        resolve(counts, {})
    pairs = shlex.split(str(caught.value).partition("--classes ")[2].partition(" (known")[0])
    meanings = resolve(counts, parse_told(pairs))
    assert meanings["helmet"] is None and meanings["mask wrong side"] == WRONG


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("maska żadna", None),  # a word more in a language that is not known
        ("maska", WORN),
        ("mask absent", BARE),
        ("refuses a mask", None),
        ("maskfree", None),
        ("people wearing masks", WORN),
        ("kein Mundschutz mask", BARE),
        ("with masks on", WORN),
        ("a surgical mask", WORN),
        ("incorect_mask", WRONG),
    ],
)
def test_no_name_is_taken_for_its_opposite(name, ours):
    assert guess(name) == ours


def test_a_name_about_masks_that_may_mean_anything_is_asked_about_again():
    counts = {"mask": 7, "none": 9, "mask x": 5, "helmet": 3}
    with pytest.raises(InputError, match=r"--classes 'mask x=\?' helmet=ignore") as caught:
        resolve(counts, {})
    pairs = shlex.split(str(caught.value).partition("--classes ")[2].partition(" (known")[0])
    with pytest.raises(InputError, match=r"'\?' is none of our classes"):
        parse_told(pairs)


def test_hundreds_of_unknown_names_are_counted_and_not_all_listed():
    with pytest.raises(
        InputError, match=r"^200 class names are not known.* and 170 more"
    ) as caught:
        resolve({f"thing {number}": number for number in range(200)}, {})
    assert len(str(caught.value)) < 4000


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("face",), "'face' .7 boxes. says where faces are, but not whether a mask is worn"),
        (("with_mask", "face", "without_mask"), "'face' .*bare faces have another name, too"),
        (("face", "person"), "no class of masked faces beside it"),
        (("mask", "face_with_mask", "face_no_mask"), "'mask' .*masked faces have another name"),
        (("no_helmet", "mask", "none"), "no_helmet=ignore"),
        (("\x1b[31m", "mask", "none"), r"'\\x1b\[31m'"),
        (("", "mask", "none"), "'' .7 boxes."),
    ],
)
def test_what_names_do_not_say_is_asked(names, message):
    with pytest.raises(InputError, match=message) as caught:
        mean(*names)
    assert str(caught.value).isprintable() or "\x1b" in names[0]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"maks": WORN}, "--classes maks=with_mask: no box .* 'maks'; did you mean mask"),
        ({"mask": "with_maks"}, "'with_maks' is none of our classes; did you mean with_mask"),
        ({"mask": "helmet"}, "'helmet' is none of our classes; there are .*ignore"),
        ({"Mask ": WORN, "MASK": BARE}, "'mask' is given two meanings"),
        ({"mask": WORN, "MASK": "ignore"}, "'mask' is given two meanings"),
    ],
)
def test_what_is_told_wrongly_is_refused(told, message):
    with pytest.raises(InputError, match=message):
        resolve({"mask": 3, "none": 4}, told)


def test_pairs_are_read():
    assert parse_told(["helmet=ignore", " no mask = without_mask", "a=b=with_mask"]) == {
        "helmet": "ignore", "no mask": BARE, "a=b": WORN,
    }  # fmt: skip
    assert parse_told(["=ignore"]) == {"": "ignore"}  # a box may have no name
    for pair in ("helmet", ""):
        with pytest.raises(InputError, match="expected THEIRS=OURS"):
            parse_told([pair])
    with pytest.raises(InputError, match="'a' is given two meanings"):
        parse_told(["a=with_mask", "a=ignore"])
    with pytest.raises(InputError, match="none of our classes"):
        parse_told(["a=b"])


def test_two_classes_are_enough_and_one_is_not():
    counts = {"good": 3, "none": 4, "hat": 5}
    meanings = {"good": WORN, "none": BARE, "hat": None}
    assert why_too_few(meanings, counts) is None
    assert "one class, with_mask ('good' (3 boxes))" in why_too_few(meanings, {**counts, "none": 0})
    assert "no box" in why_too_few(dict.fromkeys(counts), counts)
