"""The tasks, by name: what can be trained for each, and what carries it out.

Importing it imports neither torch nor numpy.
"""

import argparse
from collections.abc import Callable
from typing import Any

from utils.classifier.plan import CLASSIFIER, FacePlan
from utils.detector.names import ARCHITECTURES, IMAGE_SIZE, IMAGE_SIZES
from utils.training.plan import Plan, Trainable

DETECTOR = Trainable(ARCHITECTURES, IMAGE_SIZES, IMAGE_SIZE, "mAP")
"""What a detector can be, and how it is trained unless one says otherwise."""

TASKS = {"detect": DETECTOR, "classify": CLASSIFIER}
"""To find faces on photographs and tell their classes; to judge pictures of one face. The default
first."""


def plan_of(args: argparse.Namespace) -> Plan:
    """Return what is to be trained, as the options of an executable say."""
    if args.task == "classify":
        return FacePlan.from_args(args)
    return Plan.from_args(args, DETECTOR)


def final_of(task: str) -> Callable[..., dict[str, Any] | None]:
    """Return the ``train_final`` of a task."""
    if task == "classify":
        from utils.classifier.final import train_final
    else:
        from utils.detector.final import train_final
    return train_final


def trial_of(task: str) -> Callable[..., Callable[..., float | None]]:
    """Return the ``trial_training`` of a task."""
    if task == "classify":
        from utils.classifier.trial import trial_training
    else:
        from utils.detector.trial import trial_training
    return trial_training
