"""The model that is kept: trained with the best parameters, calibrated, with its threshold."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from utils.detector.fit import Fitted, fit
from utils.detector.model_file import ModelFile, write_model
from utils.detector.plan import Plan
from utils.metrics.average_precision import average_precision
from utils.metrics.calibration import Calibration, fit_calibration
from utils.metrics.operating_point import choose_threshold
from utils.records import read_record, write_record
from utils.search.space import default_params
from utils.training.distributed import is_first

log = logging.getLogger(__name__)


def read_params(path: Path | None) -> dict[str, Any]:
    """Return the parameters that ``hpo.py best`` wrote to `path`, or the defaults without one."""
    return read_record(path)["params"] if path else default_params()


def train_final(
    plan: Plan,
    checkpoint: Path,
    model: Path,
    log_record: Path,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, Any] | None:
    """Train as planned; write the model file and the training's record, and return the record.

    Of processes that train together the first writes; the others return None.

    Only the training shards are learnt from. The validation shards give the curve, the calibration
    of the confidences and then the threshold, which would mean little on photographs that the
    detector has learnt by heart.

    Raises
    ------
    InputError, Checkpointed, TrainingDiverged
        See `fit`.
    """
    fitted = fit(plan, checkpoint, stop)
    if not is_first():
        return None
    calibration = fit_calibration(fitted.found, fitted.validation.faces)
    found = [calibration.apply(one) for one in fitted.found]
    point = choose_threshold(found, fitted.validation.faces)
    precision = average_precision(found, fitted.validation.faces)
    operating_point = {
        "threshold": point.threshold,
        "f1": point.f1,
        "precision": point.precision,
        "recall": point.recall,
    }
    write_model(
        model,
        ModelFile(
            arch=plan.arch,
            anchors=fitted.anchors,
            image_size=plan.image_size,
            threshold=point.threshold,
            state=fitted.model.state_dict(),
            calibration=calibration,
            params=plan.recipe.as_params(),
            metrics={"validation": precision, "operating_point": operating_point},
            data_digest=fitted.photos.digest,
        ),
    )
    record = _record(plan, fitted, operating_point, calibration)
    write_record(log_record, record)
    log.info(
        "%s, threshold %.2f, validation mAP %s", calibration, point.threshold, precision["map"]
    )
    return record


def _record(
    plan: Plan, fitted: Fitted, operating_point: dict[str, float], calibration: Calibration
) -> dict[str, Any]:
    return {
        "arch": plan.arch,
        "params": plan.recipe.as_params(),
        "image_size": plan.image_size,
        "photos": len(fitted.photos),
        "parameters": sum(parameter.numel() for parameter in fitted.model.parameters()),
        "device": str(next(fitted.model.parameters()).device),
        "weights": plan.weights.name if plan.weights else None,
        "epochs": fitted.epochs,
        "calibration": asdict(calibration),
        "threshold": operating_point["threshold"],
        "operating_point": operating_point,
        "anchors": fitted.anchors.as_record()["sizes"],
        "anchor_ratios": list(fitted.anchors.ratios),
    }
