"""How public mask data sets spell their classes.

The spellings are those of Kaggle's "Face Mask Detection", PWMFD, FMLD, MAFA, AIZOO, Medical Masks,
MaskedFace-Net, Moxa3K, VictorLin's "good, bad, none", and of exports that people share. Names are
compared by their letters and digits alone: ``With_Mask``, ``with-mask`` and ``withMask`` are one.
"""

import unicodedata

from utils.dataset.labels import CLASSES

WORN, BARE, WRONG = CLASSES

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
        佩戴口罩 正确佩戴口罩 maske_richtig_getragen masque_bien_porte mascarilla_bien_puesta
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
        sans_masque pas_de_masque ohne_maske keine_maske maskesiz 未戴口罩 没戴口罩 不戴口罩
        未佩戴口罩 无口罩
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
        uncovered_nose_and_mouth chin_exposed exposed_chin IMFD maske_falsch_getragen
        falsch_getragene_maske maske_falsch falsch_getragen masque_mal_porte masque_mal_mis
        mascarilla_mal_puesta mascarilla_incorrecta mascara_incorreta 口罩佩戴不当 未正确佩戴口罩
        不正确佩戴口罩
    """,
}


def key_of(name: str) -> str:
    """Return the letters and digits of a name; accents come apart in this form, and drop out."""
    apart = unicodedata.normalize("NFKD", name).casefold()
    return "".join(char for char in apart if char.isalnum())


MEANINGS = {key_of(name): ours for ours, names in _SPELLINGS.items() for name in names.split()}
"""Our class by the key of a name that is clear wherever it stands."""

FACE = frozenset(("face", "faces"))
MASK = frozenset(
    ("mask", "masks", "maske", "masque", "mascara", "mascarilla", "mascherina", "口罩")
)
"""Keys that have their meaning by the set: FACE is a bare face only where masked ones have a class
of their own, and no other is bare; MASK is a masked face only where no other name means one, since
else it may be the piece of cloth itself."""


def is_known(name: str) -> bool:
    """Return whether a name is one that public mask sets use, clear or not."""
    return key_of(name) in MEANINGS.keys() | FACE | MASK
