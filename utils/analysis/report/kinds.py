"""One report for all kinds of models: what its sentences call a model, and what that looks at.

Sentences are written for a detector, which finds faces on photographs. A model of two stages is
one, too. A classifier judges pictures, and its mistakes are known from faces.
"""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

DETECTOR, CLASSIFIER, TWO_STAGE = "detector", "classifier", "two_stage"

_OF_A_CLASSIFIER = (
    (r"\b(test|validation) photograph(s?)\b", r"\1 face\2"),
    (r"\bphotograph(s?)\b", r"picture\1"),
    (r"\bPhotograph(s?)\b", r"Picture\1"),
    (r"\bdetector\b", "classifier"),
)
_Text = TypeVar("_Text", bound=str)


def kind_of(record: Mapping[str, Any]) -> str:
    """Return the kind of model that a record is of: ``prevalence.json``, or ``evaluation.json``."""
    return record.get("kind") or (record.get("model") or {}).get("kind") or DETECTOR


def in_words_of(kind: str, text: _Text) -> _Text:
    """Return sentences on a detector as sentences on a model of that kind."""
    told = str(text)
    for pattern, words in _OF_A_CLASSIFIER if kind == CLASSIFIER else ():
        told = re.sub(pattern, words, told)
    return type(text)(told)
