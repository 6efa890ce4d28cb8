"""Writing described runs to MLflow, so that to write twice adds nothing.

A run is found again by the tag that holds its identity, which is set in the step that creates it.
What it lacks is then added, and last of all the digest of the whole. So a writing that was cut off
is completed by the next, and one that is whole is passed over.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from utils.errors import InputError
from utils.records import digest_of, short
from utils.tracking.addresses import ARTIFACTS, shown, sqlite_file
from utils.tracking.client import Opened, alone, mlflow
from utils.tracking.data_sets import DataSet
from utils.tracking.described import IDENTITY, TRIAL, Described

if TYPE_CHECKING:
    from mlflow.entities import Run

DIGEST = "mask_detection.digest"
"""The tag that holds the digest of a run that is written as a whole."""

_PARENT = "mlflow.parentRunId"
_FILES = "mask_detection.files"  # the tag that holds digests of the files that are there
_FAILED = "failed."
_BATCH, _FEW = 1000, 100  # the most metrics, and parameters or tags, of one call
_LONGEST = {"param": 6000, "tag": 8000}
_DIGEST_LENGTH = 36


class Store(Opened):
    """A place that runs are tracked in."""

    cannot = "cannot be tracked to"
    then = (
        "the run itself is unharmed: mend that, and `python workflow.py track RUN_DIR` adds what "
        "is missing"
    )

    def track(self, run: Described) -> bool:
        """Write what the store lacks of a run; return whether there was anything.

        Raises
        ------
        InputError
            If the store is down, full or read-only, or holds something else under that name.
        """
        with self._told(), alone(self.address):
            experiment = self._experiment(run.experiment)
            there = self._find(experiment, run.identity)
            return self._write(experiment, run, there.get(None), there)

    def run_id(self, run: Described) -> str:
        """Return the id that MLflow gave to a run that is tracked."""
        with self._told():
            return self._find(self._experiment(run.experiment), run.identity)[None].info.run_id

    def _experiment(self, name: str) -> str:
        """Return the id of an experiment, which is made where there is none."""
        found = self.client.get_experiment_by_name(name)
        if found is None:
            file = sqlite_file(self.address)
            place = (file.resolve().parent / ARTIFACTS).as_uri() if file else None
            return self.client.create_experiment(name, artifact_location=place)
        if found.lifecycle_stage != "active":
            raise InputError(
                f"{shown(self.address)}: the experiment {name!r} was deleted there; restore it, or "
                "name runs otherwise with --name"
            )
        return found.experiment_id

    def _find(self, experiment: str, identity: str) -> dict[str | None, "Run"]:
        """Return the runs of an identity by the number of the trial, None of the run itself."""
        asked, token, there = f"tags.`{IDENTITY}` = '{identity}'", None, {}
        while True:
            page = self.client.search_runs([experiment], asked, page_token=token)
            # Of several, which only two machines at once can make, the first made.
            for run in sorted(page, key=lambda run: (run.info.start_time, run.info.run_id)):
                there.setdefault(run.data.tags.get(TRIAL), run)
            if not (token := page.token):
                return there

    def _write(
        self,
        experiment: str,
        run: Described,
        found: "Run | None",
        trials: dict[str | None, "Run"],
        parent: str | None = None,
    ) -> bool:
        if found and found.data.tags.get(DIGEST) == run.digest:
            return False
        if not found:
            tags = {IDENTITY: run.tags[IDENTITY]} | ({_PARENT: parent} if parent else {})
            tags |= {TRIAL: run.tags[TRIAL]} if TRIAL in run.tags else {}
            found = self.client.create_run(experiment, run.start, tags, run.name)
        self._describe(run, found)
        self._measure(run, found)
        self._add_data(run.data, found.info.run_id)
        self._add_files(run, found)
        for trial in run.trials:
            there = trials.get(trial.tags[TRIAL])
            self._write(experiment, trial, there, {}, found.info.run_id)
        if run.end is None:
            self.client.update_run(found.info.run_id, run.status)
        else:
            self.client.set_terminated(found.info.run_id, run.status, run.end)
        self.client.set_tag(found.info.run_id, DIGEST, run.digest)
        return True

    def _describe(self, run: Described, found: "Run") -> None:
        entities, there = mlflow("entities"), found.data.params
        params = {name: value[: _LONGEST["param"]] for name, value in run.params.items()}
        if other := [name for name, value in params.items() if there.get(name, value) != value]:
            name = other[0]
            raise InputError(
                f"{shown(self.address)}: knows {run.name} with {name} {there[name]!r}, and its "
                f"records say {params[name]!r}; MLflow changes no parameter: delete that run "
                f"there ({found.info.run_id}), and track it again"
            )
        missing = [entities.Param(n, value) for n, value in params.items() if n not in there]
        tags = {name: value[: _LONGEST["tag"]] for name, value in run.tags.items()}
        new = [
            entities.RunTag(name, value)
            for name, value in tags.items()
            if found.data.tags.get(name) != value
        ]
        for part in _parts(missing, _FEW):
            self.client.log_batch(found.info.run_id, params=part)
        for part in _parts(new, _FEW):
            self.client.log_batch(found.info.run_id, tags=part)
        for name in found.data.tags:
            if name.startswith(_FAILED) and name not in tags:  # it was resumed since
                self.client.delete_tag(found.info.run_id, name)

    def _measure(self, run: Described, found: "Run") -> None:
        """Log each measure at a time that follows from the records: MLflow passes over equal ones.

        One that is another now is logged as later, so that it is the latest.
        """
        metric, run_id = mlflow("entities").Metric, found.info.run_id
        latest: dict[str, tuple[int, float]] = {}
        for (name, step), value in run.metrics.items():
            latest[name] = max(latest.get(name, (step, value)), (step, value))
        unlike = {
            name
            for name, (_, value) in latest.items()
            if name in found.data.metrics and found.data.metrics[name] != value
        }
        before: dict[tuple[str, int], Any] = {}
        for name in unlike:
            for one in self.client.get_metric_history(run_id, name):
                other = before.get((name, one.step))
                if other is None or one.timestamp >= other.timestamp:
                    before[name, one.step] = one
        told = []
        for (name, step), value in run.metrics.items():
            old = before.get((name, step))
            time = run.start if old is None or old.value == value else old.timestamp + 1
            if old is None or old.value != value:
                told.append(metric(name, value, time, step))
        for part in _parts(told, _BATCH):
            self.client.log_batch(run_id, metrics=part)

    def _add_data(self, data: Sequence[DataSet], run_id: str) -> None:
        if not data:
            return
        entities, inputs = mlflow("entities"), []
        for one in data:
            source = json.dumps({"path": one.source, "sha256": one.digest})
            dataset = entities.Dataset(
                name=one.name,
                digest=one.digest[:_DIGEST_LENGTH],
                source_type="local",
                source=source,
                profile=json.dumps(one.counts),
            )
            tag = entities.InputTag("mlflow.data.context", one.context)
            inputs.append(entities.DatasetInput(dataset, [tag]))
        self.client.log_inputs(run_id, inputs)

    def _add_files(self, run: Described, found: "Run") -> None:
        try:
            there = dict(json.loads(found.data.tags.get(_FILES, "{}")))
        except ValueError:  # cut, because they were too many: all are written again
            there = {}
        for name, path in run.files.items():
            digest = short(digest_of(path))
            if there.get(name) != digest:
                self.client.log_artifact(found.info.run_id, str(path))
                there[name] = digest
                told = json.dumps(there, sort_keys=True)[: _LONGEST["tag"]]
                self.client.set_tag(found.info.run_id, _FILES, told)


def _parts(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    yield from (values[k : k + size] for k in range(0, len(values), size))
