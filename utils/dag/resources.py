"""What every job asks for: cores, memory, disk, run time, tries. One table, and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass

from utils.classifier import names as classifiers
from utils.detector import names


@dataclass(frozen=True)
class Resources:
    """What one job asks for.

    Attributes
    ----------
    cores
        Processor cores, and threads that torch computes with, on machines with fewer cores too:
        in how many parts a sum is added up decides its last bits. More threads than cores take
        several times as long. Those of the final training are an option's, ``--training-cores``,
        which its ``--workers`` share; there is one for each at least.
    memory, disk
        In MiB. A training of a large network, or of large chips, gets what `training_memory` says,
        where that is more.
    minutes
        Run time after which the job is asked to stop (SIGTERM), so that it saves its checkpoint.
    learns
        Whether the job trains or detects, and so gets the GPUs that the run asks for.
    caches
        Whether the job keeps decoded photographs, for which it gets ``--cache-mb`` more memory.
    """

    cores: int
    memory: int
    disk: int
    minutes: int
    learns: bool = False
    caches: bool = False


RETRIES = 2
"""How often a job that failed is tried again."""

# fmt: off
RESOURCES = {
    #                                      cores  memory   disk  minutes
    "split_data":              Resources(      2,   3000,  8000,      60),
    "plot_class_distribution": Resources(      1,   1500,  6000,      20),
    "preprocess_aug_train":    Resources(      1,   2000, 12000,      60),
    "preprocess_val":          Resources(      1,   2000,  4000,      30),
    "preprocess_test":         Resources(      1,   2000,  4000,      30),
    "hpo_suggest":             Resources(      1,   1000,  1000,      10),
    "hpo_trial":               Resources(      1,   2500, 12000,     720, learns=True, caches=True),
    "hpo_best":                Resources(      1,   1000,  1000,      10),
    "train_model":             Resources(      2,   4000, 12000,    1440, learns=True, caches=True),
    "evaluate":                Resources(      2,   4000,  4000,     120, learns=True),
    "predict":                 Resources(      2,   4000,  8000,     240, learns=True),
    "predict_videos":          Resources(      2,   4000,  2000,      60, learns=True),
    "report":                  Resources(      1,   4000,  8000,      60),
}
# fmt: on


@dataclass(frozen=True)
class More:
    """What a job asks for besides its row: ``disk`` in MiB, and ``minutes``."""

    disk: int = 0
    minutes: int = 0


NO_MORE = More()

FRAME_SECONDS = 0.5
"""What looking at a frame takes on two slow cores; who takes longer is stopped, and goes on."""

FASTEST = 30.0
"""Frames a second that a video is taken to have where all are looked at."""


ANNOTATED_MIB = 0.5
"""MiB of a second of annotated video, at most: its packets, and the file made of them."""


def video_resources(seconds: float, mib: int, rate: float, annotated: bool = False) -> More:
    """Return what watching videos takes.

    Parameters
    ----------
    seconds, mib
        How long they last, and how large they are.
    rate
        Frames of a second that are looked at.
    annotated
        Whether there is an annotated video.
    """
    more = round(seconds * ANNOTATED_MIB) if annotated else 0
    return More(mib + more, round(seconds * rate * FRAME_SECONDS / 60))


@dataclass(frozen=True)
class Network:
    """What training a network takes, in MiB.

    Attributes
    ----------
    fixed
        Weights, their gradients and averages, and what the optimiser keeps of them: 20 bytes each.
    image, megapixel
        What a step keeps for its gradient, in float32: in the box head for each chip of the batch,
        before it for each megapixel of the chips.
    """

    fixed: int
    image: int
    megapixel: int


NETWORKS = {
    names.COMPACT: Network(134, 1, 380),
    names.COMPACT_LITE0: Network(70, 1, 1551),
    names.COMPACT_MOBILENET: Network(48, 1, 1538),
    names.COMPACT_CENTERFACE: Network(48, 1, 1078),
    names.RESNET50_V2: Network(825, 223, 2120),
    names.RESNET50: Network(789, 28, 1877),
    names.MOBILENET: Network(362, 28, 847),
    classifiers.CENTERFACE: Network(35, 1, 1016),
    classifiers.MOBILENET_V2: Network(42, 1, 1486),
    classifiers.MOBILENET_V3_SMALL: Network(18, 1, 306),
    classifiers.MOBILENET_V3_LARGE: Network(57, 1, 837),
    classifiers.EFFICIENTNET_B0: Network(77, 1, 1675),
    classifiers.RESNET18: Network(213, 1, 422),
    classifiers.RESNET50: Network(448, 1, 1633),
    classifiers.VGG16: Network(281, 1, 1389),
    classifiers.VGG19: Network(382, 1, 1488),
}
"""What training each architecture takes; `tests/dag/test_resources.py` counts it again."""

BATCH_SIZES, CHIP = {"detect": 16, "classify": 64}, 0.55
"""What a training takes where recipe and search tell of neither: the largest batch that the search
tries, and the chip of the recipe."""

PROGRAM = 900
"""MiB of a training before it has a network: Python, its libraries, a batch of photographs."""

STEP = 1.3
"""What a step takes, against what it keeps for its gradient: the largest gradients, too."""


def training_memory(
    archs: Sequence[str], image_size: int, batch_size: int, chip: float, processes: int = 1
) -> int:
    """Return the MiB that a training takes, less the cache, of the largest of `archs`.

    Parameters
    ----------
    chip
        Side of a chip: up to 1 a share of `image_size`, else in pixels.
    processes
        That share the batch. Each has the network for itself.
    """
    side = max(32, round((chip * image_size if chip <= 1 else chip) / 32) * 32)
    kept = [
        (NETWORKS[arch].fixed, NETWORKS[arch].image + NETWORKS[arch].megapixel * side**2 / 1e6)
        for arch in archs
    ]
    shared = -(-batch_size // processes) * processes
    return max(
        round(processes * (PROGRAM + fixed) + STEP * shared * image) for fixed, image in kept
    )
