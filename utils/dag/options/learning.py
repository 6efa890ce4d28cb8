"""Options of how a network learns, and of what is searched for it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from utils.classifier import names as classifiers
from utils.classifier.finders.names import FINDERS
from utils.dag.options.data import TASKS
from utils.dag.options.declared import option
from utils.dag.options.pairs import assignments, searched
from utils.dag.options.readers import choice, finder, freezing, is_file_of_finder, path, real, whole
from utils.detector import names as detectors

NETWORKS = {"detect": detectors, "classify": classifiers}
"""What networks there are for each task: ``ARCHITECTURES``, the default first, ``IMAGE_SIZES``."""

WEIGHTS = ("auto", "box", "coco", "faces", "imagenet", "none")
"""What ``--weights`` takes besides a file."""


def _network(task: str) -> Callable[[Any], str]:
    """Return a reader of the names of the networks for a task."""

    def read(value: Any) -> str:
        try:
            return choice(*NETWORKS[task].ARCHITECTURES)(value)
        except ValueError as error:
            for other in TASKS:
                if value in NETWORKS[other].ARCHITECTURES:
                    raise ValueError(f"{error} with --task {task}") from None
            raise

    return read


@dataclass(frozen=True)
class LearningOptions:
    """How a network learns."""

    epochs: int = option(whole(1), 12, "epochs of the final training (default: 12)", "N")
    trials: int = option(
        whole(0), 4, "trials of the hyper-parameter search; 0: none (default: 4)", "N"
    )
    hpo_width: int = option(
        whole(1), 2, "trials of one round, trained at the same time (default: 2)", "K"
    )
    trial_epochs: int | None = option(
        whole(1), None, "epochs of one trial (default: a fifth of --epochs, at least 1)", "N"
    )
    arch: str = option(
        {task: _network(task) for task in TASKS},
        None,
        "network; to detect, one of "
        + ", ".join(detectors.ARCHITECTURES)
        + "; to classify, one of "
        + ", ".join(classifiers.ARCHITECTURES)
        + " (default: the first)",
        "NAME",
        defaults={task: NETWORKS[task].ARCHITECTURES[0] for task in TASKS},
    )
    freeze: str = option(
        freezing,
        "backbone",
        "layers of the network that keep the weights that they start from; backbone: all but the "
        "head, whose features are then computed once; none; N: all but the last N stages, once the "
        "head has settled (default: backbone)",
        "{backbone,none,N}",
        task="classify",
    )
    faces: str | None = option(
        finder,
        None,
        "what finds faces for the network to judge: a detector of two stages, which is tested on "
        "photographs, too; one of " + ", ".join(FINDERS) + " (the model in data/models), with "
        "options as haar:smallest=20, or a detector of ours, its file or its name in a registry "
        "(default: none, a picture is one face)",
        "NAME",
        is_path=lambda value: is_file_of_finder(value) and not value.startswith("models:/"),
        task="classify",
    )
    weights: str = option(
        lambda value: str(path(value)),
        "auto",
        "weights to start from: coco, faces or imagenet (from a package, or torchvision's, "
        "downloaded here and never in a job), box (the model in data/models), none, or a file of a "
        "state dict or a model of ours; auto: coco where "
        "there are any for --arch and the download works, else what a package holds for --arch, "
        "else none; or a model in a registry, as models:/mask-detector@champion (default: auto)",
        "{" + ",".join(WEIGHTS) + ",FILE}",
        is_path=lambda value: value not in WEIGHTS and not value.startswith("models:/"),
    )
    recipe: tuple[str, ...] = option(
        assignments,
        (),
        "how to train, e.g. batch_size=8 learning_rate=0.002: where the hyper-parameter search "
        "starts, or what trains without one; the fields of utils/training/recipe.py "
        "(default: those there)",
        "NAME=VALUE",
        many=True,
        laid_over=True,
    )
    search: tuple[str, ...] = option(
        searched,
        (),
        "what the hyper-parameter search chooses from, and nothing else, e.g. "
        "learning_rate=1e-5:1e-1 optimizer=adamw,sgd: ranges and choices of fields of the recipe, "
        "of arch and of image_size (default: the recipe's learning rate, weight decay, batch size "
        "and augmentation, around where they are)",
        "NAME=VALUES",
        many=True,
        laid_over=True,
    )
    image_size: int = option(
        {task: whole(*NETWORKS[task].IMAGE_SIZES) for task in TASKS},
        None,
        "pixels of the longer side of the photographs that a detector sees, of both sides of the "
        f"faces that a classifier sees (default: {detectors.IMAGE_SIZE} to detect, "
        f"{classifiers.IMAGE_SIZE} to classify)",
        "PX",
        defaults={task: NETWORKS[task].IMAGE_SIZE for task in TASKS},
    )
    noise: float = option(
        real(0, 1), 0.05, "sigma of the Gaussian noise copies, in units of 0..1 (default: 0.05)"
    )
    noise_copies: int = option(
        whole(0, 20), 1, "noise copies of a training photograph (default: 1)", "N"
    )
    rare_copies: int = option(
        whole(0, 20), 3, "noise copies of one that holds a rare class (default: 3)", "N"
    )
    train_shards: int = option(whole(1, 1000), 1, "shards of the training data (default: 1)", "S")

    @property
    def finder(self) -> str | None:
        """The name of the face finder, with its options."""
        return "detector" if self.faces and is_file_of_finder(self.faces) else self.faces

    @property
    def epochs_per_trial(self) -> int:
        """Epochs of one trial of the hyper-parameter search."""
        return self.trial_epochs or max(1, self.epochs // 5)

    @property
    def rounds(self) -> int:
        """Rounds of the hyper-parameter search."""
        return -(-self.trials // self.hpo_width)

    @property
    def archs(self) -> tuple[str, ...]:
        """Architectures that the run may train: one, or those that are searched."""
        return self._searched("arch") or (self.arch,)

    def largest(self, name: str, default: float) -> float:
        """Return the largest value that a number may have in a training: an option, or a parameter.

        `default` is what it has where neither recipe nor search tell of it.
        """
        told = dict(word.split("=", 1) for word in self.recipe).get(name, default)
        return max(map(_number, (told, *self._searched(name))))

    def _searched(self, name: str) -> tuple[str, ...]:
        """Return the choices, or the ends of the range, of what is searched; empty of the rest."""
        words = dict(word.split("=", 1) for word in self.search if self.trials).get(name, "")
        return tuple(word.strip() for word in re.split("[,:]", words) if word.strip())


def _number(word: Any) -> float:
    """Return a number; 0 of what is none, which is refused where recipe and search are read."""
    try:
        return float(word)
    except ValueError:
        return 0.0
