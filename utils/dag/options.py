"""The options of a run: one table, which `utils.dag.option_reading` reads for all that there is."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from utils.classifier import names as classifiers
from utils.classifier.finders.names import FINDERS
from utils.dag.option_types import (
    assignments,
    choice,
    clock_time,
    finder,
    flag,
    freezing,
    image,
    is_data_version,
    is_file_of_finder,
    mapping,
    path,
    paths,
    real,
    searched,
    store,
    text,
    whole,
    word,
    words,
)
from utils.detector import names as detectors

TASKS = ("detect", "classify")
"""The default first."""

NETWORKS = {"detect": detectors, "classify": classifiers}
"""What networks there are for each task: ``ARCHITECTURES``, the default first, ``IMAGE_SIZES``."""

FORMATS = ("auto", "voc", "yolo", "coco", "cvat", "folders")
GROUP_BY = ("folders", "exif")
"""What ``--groups`` takes besides a file."""

UNLABELLED = ("refuse", "skip", "negative")
SPLITS = ("groups", "given")
ENGINES = ("auto", "local", "condor", "pegasus")
WEIGHTS = ("auto", "box", "coco", "faces", "imagenet", "none")
"""What ``--weights`` takes besides a file."""

CHECKPOINT_MINUTES = 15.0
"""Default of ``--checkpoint-minutes`` on a pool."""

PACE = 10.0
"""Frames a second of a video that are looked at by default, as `utils.video.run` has it."""

SAMPLE = Path(__file__).resolve().parents[2] / "data"


def _option(
    read: Callable[[Any], Any] | dict[str, Callable[[Any], Any]],
    default: Any,
    help: str,
    metavar: str | None = None,
    *,
    many: bool = False,
    laid_over: bool = False,
    is_path: Callable[[Any], bool] | None = None,
    pool_only: bool = False,
    goes_on: bool = False,
    task: str | None = None,
    defaults: dict[str, Any] | None = None,
) -> Any:
    """Declare an option, with all that is to be known of it.

    Parameters
    ----------
    read
        Checks a value, see `utils.dag.option_types`; perhaps another for each task.
    many
        Whether it takes several words, which add up where it is given several times.
    laid_over
        Whether words of the command line add to those of the TOML file, and do not replace them.
    is_path
        Whether a value, once read, is a path, which in a TOML file is relative to the file.
    pool_only
        Whether it means nothing to the local engine.
    goes_on
        Whether it may be given with ``--resume``, because it changes nothing of the plan.
    task
        The only task that it means something to; the help says so.
    defaults
        The default for each task; that which is declared is then None.
    """
    if task:
        help = f"with --task {task}: {help}"
    metadata = dict(locals())
    return field(default=metadata.pop("default"), metadata=metadata)


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


def _always(value: Any) -> bool:
    return True


@dataclass(frozen=True)
class Options:
    """Everything that a run can be told. The help texts are the documentation of the fields."""

    task: str = _option(
        choice(*TASKS),
        TASKS[0],
        "what is learnt; detect: to find faces on photographs and tell their classes; classify: to "
        "tell the class of a picture of one face, as docs/classify.md says (default: detect)",
        "{" + ",".join(TASKS) + "}",
    )
    data: Path | None = _option(
        path,
        None,
        "annotated photographs (PASCAL VOC, YOLO, COCO, CVAT; with --task classify also a folder "
        "for each class): a folder, a .zip or a .tar* of one, or a version that `data add` keeps, "
        "NAME or NAME@VERSION, as docs/data.md says (default: the bundled sample)",
        "PATH",
        is_path=lambda value: not is_data_version(value),
    )
    store: str | None = _option(
        store,
        None,
        "where versions of data sets are kept: a folder, or an address that fsspec knows, as "
        "docs/data.md says (default: MASK_DETECTION_STORE, else data_store/ of the project)",
        "ADDRESS",
        is_path=lambda value: "://" not in value,
        goes_on=True,
    )
    predict: tuple[Path, ...] = _option(
        paths,
        (),
        "new photographs and videos: a folder, an archive or files (default: with the bundled "
        "sample its own, with --data the photographs of the test side)",
        "PATH",
        many=True,
        is_path=_always,
    )
    predict_annotations: Path | None = _option(
        path,
        None,
        "a sample of the new photographs that `suggest` dealt and people annotated: a folder or an "
        "archive. The answer is corrected by it (default: by the test photographs alone)",
        "PATH",
        is_path=_always,
    )
    groups: str | None = _option(
        lambda value: str(path(value)),
        None,
        "places or times whose shares are compared: a table FILE.csv with a column photograph and "
        "one or more of site, camera, time, weight; folders: the folder of each new photograph; "
        "exif: when each was taken (default: none)",
        "{" + ",".join(GROUP_BY) + ",FILE}",
        is_path=lambda value: value not in GROUP_BY,
    )
    format: str = _option(
        choice(*FORMATS),
        "auto",
        "format of the annotations of --data; auto: the one that is there (default: auto)",
        "{" + ",".join(FORMATS) + "}",
    )
    classes: tuple[str, ...] = _option(
        mapping,
        (),
        "what class names in --data mean: with_mask, without_mask, mask_weared_incorrect or "
        "ignore, e.g. helmet=ignore; names that public data sets use are known (default: those)",
        "THEIRS=OURS",
        many=True,
        laid_over=True,
    )
    unlabelled: str = _option(
        choice(*UNLABELLED),
        "refuse",
        "photographs of --data without annotation: refuse; skip: leave them out; negative: they "
        "show no face. The latter two leave out annotations without photograph (default: refuse)",
        "{" + ",".join(UNLABELLED) + "}",
    )
    allow_bad_boxes: bool = _option(
        flag, False, "go on where more than 5%% of the boxes are impossible (default: stop)"
    )
    margin: float = _option(
        real(0, 2),
        0.2,
        "what is added to the square of a face that is cut out, on each side, as a share of the "
        "longer side of its box; pictures that are a face as a whole get none (default: 0.2)",
        task="classify",
    )
    smallest_face: int = _option(
        whole(1, 1000),
        8,
        "a face with a shorter side of less is left out, and counted (default: 8)",
        "PX",
        task="classify",
    )
    split: str = _option(
        choice(*SPLITS),
        "groups",
        "sides of --data; groups: dealt so that near-duplicates stay together; given: as folders "
        "train, val, test say (default: groups)",
        "{" + ",".join(SPLITS) + "}",
    )
    engine: str = _option(
        choice(*ENGINES),
        "auto",
        "what executes the workflow; auto: Pegasus where pegasus-plan is on the PATH, else local "
        "(default: auto)",
        "{" + ",".join(ENGINES) + "}",
    )
    name: str = _option(text, "mask-detection", "name of the workflow (default: mask-detection)")
    run_dir: Path | None = _option(
        path, None, "new folder for this run (default: runs/<name>-<time>)", "DIR", is_path=_always
    )
    epochs: int = _option(whole(1), 12, "epochs of the final training (default: 12)", "N")
    trials: int = _option(
        whole(0), 4, "trials of the hyper-parameter search; 0: none (default: 4)", "N"
    )
    hpo_width: int = _option(
        whole(1), 2, "trials of one round, trained at the same time (default: 2)", "K"
    )
    trial_epochs: int | None = _option(
        whole(1), None, "epochs of one trial (default: a fifth of --epochs, at least 1)", "N"
    )
    arch: str = _option(
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
    freeze: str = _option(
        freezing,
        "backbone",
        "layers of the network that keep the weights that they start from; backbone: all but the "
        "head, whose features are then computed once; none; N: all but the last N stages, once the "
        "head has settled (default: backbone)",
        "{backbone,none,N}",
        task="classify",
    )
    faces: str | None = _option(
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
    weights: str = _option(
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
    recipe: tuple[str, ...] = _option(
        assignments,
        (),
        "how to train, e.g. batch_size=8 learning_rate=0.002: where the hyper-parameter search "
        "starts, or what trains without one; the fields of utils/training/recipe.py "
        "(default: those there)",
        "NAME=VALUE",
        many=True,
        laid_over=True,
    )
    search: tuple[str, ...] = _option(
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
    image_size: int = _option(
        {task: whole(*NETWORKS[task].IMAGE_SIZES) for task in TASKS},
        None,
        "pixels of the longer side of the photographs that a detector sees, of both sides of the "
        f"faces that a classifier sees (default: {detectors.IMAGE_SIZE} to detect, "
        f"{classifiers.IMAGE_SIZE} to classify)",
        "PX",
        defaults={task: NETWORKS[task].IMAGE_SIZE for task in TASKS},
    )
    noise: float = _option(
        real(0, 1), 0.05, "sigma of the Gaussian noise copies, in units of 0..1 (default: 0.05)"
    )
    noise_copies: int = _option(
        whole(0, 20), 1, "noise copies of a training photograph (default: 1)", "N"
    )
    rare_copies: int = _option(
        whole(0, 20), 3, "noise copies of one that holds a rare class (default: 3)", "N"
    )
    train_shards: int = _option(whole(1, 1000), 1, "shards of the training data (default: 1)", "S")
    predict_shards: int = _option(
        whole(1, 1000),
        1,
        "shards of the new photographs, and of the new videos, predicted apart (default: 1)",
        "P",
    )
    pace: float | None = _option(
        real(0.1, 1000),
        None,
        "frames a second of new videos that are looked at (default: "
        f"{PACE:g}; with --every all that it leaves)",
        "FPS",
    )
    every: int = _option(
        whole(1), 1, "look at each so many-th frame of new videos only (default: 1)", "N"
    )
    least_seconds: float = _option(
        real(0),
        0.5,
        "who is seen in a new video for less does not count (default: 0.5)",
        "S",
    )
    blur: bool = _option(
        flag,
        False,
        "hide the faces on pictures of new photographs, and on all that is shown of new videos "
        "(default: show them)",
    )
    annotated_videos: bool = _option(
        flag,
        False,
        "write new videos with boxes, tracks and the running count, too, as WebM (default: no)",
    )
    clock: str | None = _option(
        clock_time,
        None,
        "date and time at which each new video begins, as 2026-03-01T09:00; times are then of day "
        "(default: since the beginning)",
        "TIME",
    )
    compare: tuple[str, ...] = _option(
        words,
        (),
        "two periods of the new videos whose shares are compared, as 9:00-12:00 12:00-15:00 "
        "(default: none)",
        "PERIOD",
        many=True,
    )
    skip_bad: bool = _option(
        flag, False, "leave out photographs that cannot be read, and list them (default: stop)"
    )
    cache_mb: int = _option(
        whole(0),
        2048,
        "decoded photographs that a training keeps in memory; those beyond are decoded at each "
        "use, slower and with the same result (default: 2048)",
        "MIB",
    )
    join_validation: bool = _option(
        flag,
        True,
        "let validation photographs, each counted as the others choose, join the test photographs "
        "by which the share is corrected; --no-join-validation: test photographs alone "
        "(default: join)",
    )
    seed: int = _option(whole(0, 2**32 - 1), 0, "the one seed of the run (default: 0)", "N")
    cores: int | None = _option(
        whole(1), None, "cores that the local engine may use (default: all)", "N", goes_on=True
    )
    training_cores: int = _option(
        whole(1, 256),
        2,
        "cores, and threads, of the final training; the last bits of the weights follow from "
        "their number, and more than the machine has are slow (default: 2)",
        "N",
    )
    workers: int | None = _option(
        whole(1, 64),
        None,
        "processes that train the final model together on one node, each batch shared among them: "
        "each has a GPU of --gpus, or without any its share of --training-cores, of which it gets "
        "one at least; one that dies is replaced (default: one, or as many as --gpus)",
        "N",
    )
    memory: int | None = _option(
        whole(256),
        None,
        "memory that the local engine may use (default: 90%% of it)",
        "MIB",
        goes_on=True,
    )
    gpus: int = _option(
        whole(0, 64), 0, "GPUs for each job that trains or detects (default: 0)", "N"
    )
    checkpoint_minutes: float | None = _option(
        real(0),
        None,
        "on a pool: minutes after which a training hands its checkpoint over, at the end of an "
        f"epoch; a pilot that ends then costs no more than that (default: {CHECKPOINT_MINUTES:g})",
        "MIN",
        pool_only=True,
    )
    container: str | None = _option(
        image,
        None,
        "on a pool: image that the jobs run in, a .sif file or docker://REPOSITORY/IMAGE:TAG "
        "(default: what the node's own python3 has)",
        "IMAGE",
        is_path=lambda value: "://" not in value,
        pool_only=True,
    )
    site: str = _option(
        word,
        "condorpool",
        "on a pool: its name in the site catalogue (default: condorpool)",
        pool_only=True,
    )
    pilots_only: str | None = _option(
        word,
        None,
        "on a pool: run only on pilots of this HTCondor annex (default: any)",
        "NAME",
        pool_only=True,
    )
    project: str | None = _option(
        word,
        None,
        "on a pool: project that the jobs name for accounting (default: none)",
        "NAME",
        pool_only=True,
    )
    wait: bool = _option(
        flag,
        True,
        "follow the run to its end; --no-wait hands it over and returns (default: wait)",
        goes_on=True,
    )
    dry_run: bool = _option(flag, False, "write the run folder and stop (default: run)")
    verbose: bool = _option(flag, False, "tell more (default: one line a job)", goes_on=True)

    def __post_init__(self) -> None:
        for item in fields(self):
            if getattr(self, item.name) is None and (defaults := item.metadata["defaults"]):
                object.__setattr__(self, item.name, defaults[self.task])

    @property
    def finder(self) -> str | None:
        """The name of the face finder, with its options."""
        return "detector" if self.faces and is_file_of_finder(self.faces) else self.faces

    @property
    def frame_rate(self) -> float | None:
        """Frames a second of videos that are looked at, at most; None for all."""
        return self.pace or (PACE if self.every == 1 else None)

    @property
    def epochs_per_trial(self) -> int:
        """Epochs of one trial of the hyper-parameter search."""
        return self.trial_epochs or max(1, self.epochs // 5)

    @property
    def processes(self) -> int:
        """Processes of the final training."""
        return self.workers or max(1, self.gpus)

    @property
    def cores_to_train(self) -> int:
        """Cores of the final training, which its processes share."""
        return max(self.training_cores, self.processes if self.gpus == 0 else 1)

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

    def as_dict(self) -> dict[str, Any]:
        """Return the options as JSON types."""

        def plain(value: Any) -> Any:
            if isinstance(value, tuple):
                return [str(item) for item in value]
            return str(value) if isinstance(value, Path) else value

        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}


def _number(word: Any) -> float:
    """Return a number; 0 of what is none, which is refused where recipe and search are read."""
    try:
        return float(word)
    except ValueError:
        return 0.0


def marked(mark: str) -> list[str]:
    """Return the names of the options that are declared with a mark, e.g. ``pool_only``."""
    return [item.name for item in fields(Options) if item.metadata[mark]]


def spelled(name: str) -> str:
    """Return an option as the command line spells it: ``--run-dir``."""
    return "--" + name.replace("_", "-")
