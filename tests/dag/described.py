"""Options of runs that tests describe as workflows, and what they ask of such a workflow."""

from pathlib import Path

from utils.dag.graph import edges
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow

FULL = Options(
    trials=3,
    hpo_width=2,
    train_shards=2,
    predict_shards=2,
    weights="coco",
    skip_bad=True,
    gpus=1,
    groups="folders",
)
WATCHING = Options(predict=(Path("new"), Path("clip.mp4")), trials=0)
RECIPE = ("batch_size=8", "optimizer=sgd")
JUDGING = Options(task="classify")
TWO_STAGES = Options(
    task="classify", faces="centerface", predict=(Path("new"),), trials=2, weights="imagenet"
)


def files(job, kind: str) -> set[str]:
    """Return the names of the files of one kind of a job: input, output, checkpoint."""
    return {use.file.lfn for use in job.uses if use._type == kind}


def parents(options: Options) -> dict[str, set[str]]:
    """Return, by job, the jobs that it waits for."""
    children = edges(build_workflow(options))
    return {name: {p for p, below in children.items() if name in below} for name in children}
