"""The commands that go on from the answer of a finished run: ``suggest`` and ``plan-sample``."""

import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from utils.analysis.evaluation.joined import correcting_photos
from utils.analysis.prevalence.counting import expected_counts
from utils.analysis.report.meaning import absent_classes
from utils.analysis.report.planned import HALF_WIDTH, plan_for, plan_words
from utils.analysis.sample.finished import FinishedRun
from utils.analysis.sample.suggest import FORMATS, suggest
from utils.dataset.suggestion import Suggestion
from utils.errors import InputError, number_of
from utils.records import read_record

TO_ANNOTATE = "annotate"
"""The folder in a run folder that ``suggest`` writes, if none is named."""

NUMBER = 30
"""Photographs that it deals, if there are as many and nobody says how many."""


GROUPS = "groups.json"
"""File in a run folder: what ``--groups`` told of the new photographs."""


class Record(Protocol):
    """What is known of a run, by field."""

    def __getitem__(self, field: str) -> Any: ...


def deal(folder: Path, output: Path, record: Record, given: dict[str, Any]) -> str:
    """Deal new photographs of a finished run to be annotated; return what to tell of it.

    Parameters
    ----------
    folder, output
        Of the run, and of what its jobs have left.
    record
        Of the run: ``name``, ``command``, ``options`` and ``digests``.
    given
        Of the options ``number``, ``output``, ``format`` and ``seed`` those that were given.

    Raises
    ------
    InputError
        If the run is not finished or had no new photographs, or as `suggest`.
    """
    run = _finished(folder, output, record)
    target = given.get("output", folder / TO_ANNOTATE)
    number = given.get("number", min(NUMBER, len(run.predictions.summaries)))
    form = given.get("format", FORMATS[0])
    dealt = suggest(run, target, number, form, given.get("seed", record["options"]["seed"]))
    command = again(record["command"], ("--run-dir", "--predict-annotations"))
    return "\n".join(dealt_words(dealt, target, command))


def dealt_words(dealt: Suggestion, target: Path, command: str) -> list[str]:
    """Return lines that say what was dealt to a folder, and how to go on.

    Parameters
    ----------
    command
        That answers again.
    """
    boxes = sum(len(photo.faces) for photo in dealt.photos)
    new = number_of(len(dealt.photos), "new photograph")
    return [
        f"Annotate: {target} ({new}, {number_of(boxes, 'box', 'boxes')} filled in)",
        f"How: {target / 'README.md'}",
        f"Then: {command} --predict-annotations {shlex.quote(str(target))}",
    ]


def tell_plan(folder: Path, output: Path, record: Record, given: dict[str, Any]) -> str:
    """Return how many photographs an answer takes that is ``half_width`` points wide to each side.

    Parameters and errors are those of `deal`.
    """
    run = _finished(folder, output, record)
    answer, split = (read_record(output / name) for name in ("prevalence.json", "split.json"))
    planned = None
    if answer["plan"]:  # else the detector alone gives no answer
        found = run.predictions
        counted = expected_counts(found.detections, found.threshold)
        planned = plan_for(
            np.array([photo["expected"] for photo in correcting_photos(run.evaluation)]),
            counted if run.weights is None else counted * run.weights[:, None],
            np.array(answer["group_of"] or range(len(found.summaries))),
            absent_classes(split["sides"]),
            given.get("half_width", 100 * HALF_WIDTH) / 100,
            record["options"]["seed"],
        )
    if planned is None:
        return (
            f"Nothing can be planned by the answer of {folder}: its detector alone gives none. "
            f"Annotated new photographs do: python workflow.py suggest {folder}"
        )
    new, test = (planned["there"][kind] for kind in ("new", "test"))
    lines = [
        f"Now: {number_of(new, 'new photograph')} and {number_of(test, 'test photograph')}, "
        f"\N{PLUS-MINUS SIGN}{100 * planned['now']:.1f} points as predicted",
        plan_words(planned),
    ]
    if planned["now"] > planned["half_width"]:
        alone = [f"{planned[kind]:,} {kind}" for kind in ("new", "test") if planned[kind]]
        if alone:
            lines.append(f"Of one kind alone: {' or '.join(alone)} photographs")
        if planned["annotated"]:
            number = planned["annotated"]
            lines.append(f"To annotate: python workflow.py suggest {folder} --number {number}")
    return "\n".join(lines)


def _finished(folder: Path, output: Path, record: Record) -> FinishedRun:
    """Return what a finished run with new photographs left, whatever its engine."""
    answer = output / "prevalence.json"
    if not answer.exists() or not answer.stat().st_size:
        raise InputError(
            f"{folder}: is not finished, so there is no answer to go on from; see `python "
            f"workflow.py status {folder}`, or go on with it: --resume {folder}"
        )
    shards = [folder / name for name in record["digests"] if name.startswith("predict_")]
    if not shards and "videos_0.json" in record["digests"]:
        raise InputError(
            f"{folder}: had new videos and no photographs; save single frames of them, and start a "
            "run with --predict on those"
        )
    if not shards:
        raise InputError(
            f"{folder}: had no new photographs, and those of its test side are annotated; start a "
            "run with --predict"
        )
    predictions = [output / f"predictions_{p}.json" for p in range(len(shards))]
    groups = folder / GROUPS if GROUPS in record["digests"] else None
    return FinishedRun.read(record["name"], shards, output / "evaluation.json", predictions, groups)


def again(command: str, without: Collection[str]) -> str:
    """Return a command line without some of its options, each of which has one value."""
    kept, words = [], iter(shlex.split(command))
    for word in words:
        name, equals, _ = word.partition("=")
        if name not in without:
            kept.append(word)
        elif not equals:
            next(words, None)
    return shlex.join(kept)
