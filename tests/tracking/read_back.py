"""What a client of MLflow reads back of a store."""

from pathlib import Path
from typing import Any


def tracked(address: str) -> dict[str, Any]:
    """Return all that a client of MLflow reads back, without what differs from store to store."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(address)
    result = {}
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id]):
            tags = {k: v for k, v in run.data.tags.items() if k != "mlflow.parentRunId"}
            key = (tags["mask_detection.run"], tags.get("mask_detection.trial"))
            assert key not in result, "twice"
            history = {
                name: [
                    (one.step, one.value, one.timestamp)
                    for one in client.get_metric_history(run.info.run_id, name)
                ]
                for name in run.data.metrics
            }
            files = {}
            for one in client.list_artifacts(run.info.run_id):
                if one.is_dir:  # a model that was promoted
                    continue
                place = client.download_artifacts(run.info.run_id, one.path)
                files[one.path] = Path(place).read_bytes()
            parent = run.data.tags.get("mlflow.parentRunId")
            result[key] = {
                "name": run.info.run_name,
                "experiment": experiment.name,
                "status": run.info.status,
                "times": (run.info.start_time, run.info.end_time),
                "params": run.data.params,
                "tags": {k: v for k, v in tags.items() if k != "mlflow.runName"},
                "history": {name: sorted(values) for name, values in history.items()},
                "inputs": sorted(
                    (one.dataset.name, one.dataset.digest, one.dataset.source, one.tags[0].value)
                    for one in run.inputs.dataset_inputs
                ),
                "files": files,
                "child of": parent and client.get_run(parent).data.tags["mask_detection.run"],
            }
    return result
