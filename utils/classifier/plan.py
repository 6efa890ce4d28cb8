"""What decides a training of the classifier, besides what decides any training; without torch."""

import argparse
import re
from dataclasses import dataclass
from typing import Any, Self

from utils.classifier.names import ARCHITECTURES, IMAGE_SIZE, IMAGE_SIZES, MARGIN
from utils.errors import InputError
from utils.training.plan import Plan, Trainable
from utils.training.recipe import Recipe

STAGES = 5
"""How many stages every trunk has (`utils.classifier.architectures`)."""

BACKBONE = "backbone"
"""Nothing but the head learns."""

CLASSIFIER = Trainable(
    ARCHITECTURES,
    IMAGE_SIZES,
    IMAGE_SIZE,
    "balanced accuracy",
    Recipe(batch_size=64, ema=0.99, class_weight=0.75, rare=0.0, backbone_rate=0.1, head_start=0.2),
    frozenset({"chip", "copy_paste", "frozen_stages"}),  # --freeze says which learn
)
"""What a classifier can be, and how it is trained unless one says otherwise."""


@dataclass(frozen=True)
class FacePlan(Plan):
    """All that decides what a training of the classifier gives.

    Attributes
    ----------
    train, validation
        Shards of pictures of one face each.
    image_size
        Pixels of both sides of a face as the network sees it.
    freeze
        Which layers keep the weights that they start from: ``backbone``, all but the head; a number
        N of stages, all but the last N, which learn once the head has settled; ``none``. Without
        weights to start from nothing is kept.
    margin
        Share of a face's longer side that was cut with it on each side, for the model file.
    """

    freeze: str = BACKBONE
    margin: float = MARGIN

    def __post_init__(self) -> None:
        check_freeze(self.freeze)

    @property
    def learning_stages(self) -> int:
        """How many last stages of the trunk learn."""
        if self.weights is None or self.freeze == "none":
            return STAGES
        return 0 if self.freeze == BACKBONE else int(self.freeze)

    def identity(self) -> dict[str, Any]:
        """Return plain values that are equal for equal plans, whatever their files are called."""
        return super().identity() | {"freeze": self.freeze, "margin": self.margin}

    @classmethod
    def from_args(cls, args: argparse.Namespace, of: Trainable = CLASSIFIER, **own: Any) -> Self:
        """Return the plan that options of `add_plan_options` and `add_face_options` give."""
        return super().from_args(args, of, freeze=args.freeze, margin=args.margin, **own)


def check_freeze(word: str) -> None:
    """Raise an `InputError` unless `word` says which layers keep their weights."""
    if word not in (BACKBONE, "none") and not re.fullmatch(rf"[1-{STAGES}]", word):
        raise InputError(
            f"--freeze {word}: takes {BACKBONE}, none, or a number of last stages that learn, 1 to "
            f"{STAGES}"
        )


def add_face_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a `FacePlan` that no other plan has."""
    parser.add_argument(
        "--freeze",
        default=BACKBONE,
        help="to classify: layers that keep the weights they start from: backbone (all but the "
        "head), none, or N (all but the last N stages, which learn once the head has settled)",
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=MARGIN,
        help="to classify: share of a face's longer side that was cut with it on each side",
    )
