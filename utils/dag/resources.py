"""What every job asks for: cores, memory, disk, run time, tries. One table, and nowhere else."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Resources:
    """What one job asks for.

    Attributes
    ----------
    cores
        Processor cores, and threads that torch computes with, on machines with fewer cores too:
        in how many parts a sum is added up decides its last bits. More threads than cores take
        several times as long. Those of the final training are an option's, ``--training-cores``.
    memory, disk
        In MiB.
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
    "report":                  Resources(      1,   4000,  8000,      60),
}
# fmt: on
