"""Run folders made of records alone, as a run leaves them, in any state."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from utils.dag.options.table import Options
from utils.records import write_record

JOBS = ("split_data", "hpo_trial_1_0", "train_model", "evaluate", "report")
DATA = "06" * 32


def make_run(
    folder: Path,
    *,
    jobs: Mapping[str, str] | None = None,
    outputs: Mapping[str, Mapping[str, Any]] | None = None,
    created: str = "2026-11-27T08:00:00+0000",
    data: str = DATA,
    record: Mapping[str, Any] | None = None,
    **options: Any,
) -> Path:
    """Write a run folder: ``run.json``, a workflow, and `outputs` by the names of their files.

    `jobs` are states by name, by default all are done; `record` adds fields to ``run.json``.
    """
    for part in ("logs", "output"):
        (folder / part).mkdir(parents=True)
    asked = Options(**options).as_dict()
    states = dict.fromkeys(JOBS, "done") if jobs is None else jobs
    used = {"tries": 1, "seconds": 2.5, "cpu_seconds": 2.0, "peak_mib": 64.0}
    told = {
        "engine": "local",
        "name": asked["name"],
        "created": created,
        "command": "python workflow.py",
        "git_commit": "1" * 40,
        "options": asked,
        "versions": {"python": "3.11.7", "torch": "2.14.1"},
        "digests": {"dataset.tar": data},
        "data": {"format": "PASCAL VOC", "photos": 30, "faces": {"with_mask": 40}},
        "weights": {"told": "none", "taken": "none"},
        "jobs": {name: {"state": state, **used} for name, state in states.items()},
        **(record or {}),
    }
    write_record(folder / "run.json", told)
    (folder / "workflow.yml").write_text("pegasus: '5.0'\n")
    for name, content in (outputs or {}).items():
        schema = 2 if name == "evaluation.json" else 1
        write_record(folder / "output" / name, dict(content), schema)
    return folder


def evaluation(map_50: float, **others: Any) -> dict[str, Any]:
    """Return as much of ``evaluation.json`` as a table needs."""
    return {"average_precision": {"map": map_50 - 0.2, "map_50": map_50}, **others}


def answer(share: float | None, *serious: str) -> dict[str, Any]:
    """Return as much of ``prevalence.json`` as a table needs."""
    interval = None if share is None else [share - 0.1, share + 0.1]
    return {
        "answer": f"About {share} wear a mask properly.",
        "serious": list(serious),
        "properly_masked": {"share": share, "interval": interval},
    }
