"""A run's model against the champion, on the same test photographs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from utils.comparison.measured import Comparison, compare_measures
from utils.comparison.shared import tested_photographs
from utils.dag.travelling import DATASET
from utils.dataset.splitting.fingerprints import fingerprint
from utils.errors import InputError, number_of
from utils.model_files import Model
from utils.models import load_model
from utils.registry.test_side import TestSide
from utils.tracking.recorded import EVALUATION, SPLIT, RecordedRun, read_outputs


@dataclass(frozen=True)
class Champion:
    """The model that is to be beaten.

    Attributes
    ----------
    called
        What people call it.
    data
        The digest of the data as its run packed them.
    records
        The folder of its evaluation and its split.
    file
        Returns its model file.
    """

    called: str
    data: str | None
    records: Path
    file: Callable[[], Path]


def compare_with_champion(
    run: RecordedRun,
    champion: Champion,
    test: TestSide,
    tell: Callable[[str], object],
) -> Comparison:
    """Compare the champion, the first, with the model of a run.

    Where the champion was tested on the same photographs of the same data, by what was found then.
    Else it is evaluated anew, on those of the run's test photographs that it has not learnt from,
    as its file tells.

    Parameters
    ----------
    test
        The run's test photographs.

    Raises
    ------
    InputError
        If the champion cannot be evaluated anew where it must be.
    """
    called = champion.called
    outputs, trouble = read_outputs(champion.records)
    digests = {"digests": {DATASET: champion.data}}
    before = RecordedRun(champion.records, "done", digests, outputs, trouble, called)
    if before.packed_data == run.packed_data and _tested(before) == _tested(run):
        return compare_measures(before, run)
    tell(f"{called} was tested on other photographs: it is evaluated anew on those of this run")
    model = load_model(champion.file())
    record, left = evaluated_anew(model, run, test)
    anew = replace(
        before,
        record={"digests": {DATASET: run.packed_data}},
        outputs={EVALUATION: record, SPLIT: run.output(SPLIT)},
    )
    compared = compare_measures(anew, run)
    note = f"{called} was evaluated anew"
    if left:
        note += f", without {number_of(left, 'test photograph')} that it has learnt from, or nearly"
    return replace(compared, notes=(note, *compared.notes))


def evaluated_anew(model: Model, run: RecordedRun, test: TestSide) -> tuple[dict[str, Any], int]:
    """Evaluate a model on a run's test photographs, without those that it has learnt from.

    Returns
    -------
    The record ``evaluation.json``, and how many it had learnt from.

    Raises
    ------
    InputError
        If its file does not say what it has learnt from, or that is all of them.
    """
    from utils.analysis.evaluation.evaluate import classifier_of, evaluate

    if (learnt := model.learnt) is None:
        raise InputError(
            "the champion's file does not say which photographs it has learnt from, so it cannot "
            "be tested on others; --force promotes nevertheless"
        )
    left = test.known_to(lambda one: learnt.resemble(fingerprint(one.decode())))
    if len(left) == len(test.names):
        raise InputError(
            "the champion has learnt from every test photograph of this run, or nearly; --force "
            "promotes nevertheless"
        )
    shard = test.without(left)
    seed, judge = int(run.options.get("seed", 0)), classifier_of(model)
    # Cut as the champion learnt faces to be, whatever the run asked for.
    faces = None if judge is None else test.faces(shard, judge.margin)
    return evaluate(model, shard, seed, split=run.output(SPLIT), faces=faces), len(left)


def _tested(run: RecordedRun) -> set[str]:
    return set(tested_photographs(run))
