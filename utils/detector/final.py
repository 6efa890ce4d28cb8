"""The model that is kept: trained with the best parameters, calibrated, with its threshold."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from utils.detector.fit import Fitted, fit
from utils.detector.model_file import ModelFile
from utils.detector.validation import detections_of
from utils.detector.weights import origin
from utils.metrics.average_precision import average_precision
from utils.metrics.calibration import Calibration, fit_calibration
from utils.metrics.detections import Detections
from utils.metrics.operating_point import choose_threshold
from utils.networks.devices import has_bfloat16
from utils.networks.model_file import in_half_precision, learnt_from, write_model
from utils.records import write_record
from utils.training.distributed import is_first, processes
from utils.training.plan import Plan

log = logging.getLogger(__name__)


def train_final(
    plan: Plan,
    checkpoint: Path,
    model: Path,
    log_record: Path,
    stop: Callable[[], bool] = lambda: False,
    fingerprints: Path | None = None,
    data_version: str = "",
) -> dict[str, Any] | None:
    """Train as planned; write the model file and the training's record, and return the record.

    Of processes that train together the first writes; the others return None.

    Only the training shards are learnt from. The validation shards give the curve, the calibration
    of the confidences and then the threshold, which would mean little on photographs that the
    detector has learnt by heart.

    The weights are rounded to half precision first, so that what is measured is what is stored.

    Parameters
    ----------
    fingerprints
        Of the training photographs, as `split_data` writes them. They travel in the model file,
        with those that the weights to start from bring along.
    data_version
        Of the annotated photographs (`utils.dataset.version`), which the model file names.

    Raises
    ------
    InputError, Checkpointed, TrainingDiverged
        See `fit`.
    """
    fitted = fit(plan, checkpoint, stop)
    if not is_first():
        return None
    found = _rounded_and_asked(fitted, plan.recipe.mirrored)
    calibration = fit_calibration(found, fitted.validation.faces)
    found = [calibration.apply(one) for one in found]
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
            data_version=data_version,
            started_from=origin(plan.weights, plan.arch) if plan.weights else None,
            fingerprints=learnt_from(fingerprints, plan.weights),
        ),
    )
    record = _record(plan, fitted, operating_point, calibration)
    write_record(log_record, record)
    log.info(
        "%s, threshold %.2f, validation mAP %s", calibration, point.threshold, precision["map"]
    )
    return record


def _rounded_and_asked(fitted: Fitted, mirrored: bool) -> list[Detections]:
    """Round the weights to half precision; return what the detector then finds on validation."""
    model = fitted.model
    model.load_state_dict(in_half_precision(model.state_dict()))
    device = next(model.parameters()).device
    bfloat16 = has_bfloat16(device)
    return detections_of(model, fitted.validation, bfloat16=bfloat16, mirrored=mirrored)


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
        "processes": processes(),
        "replaced": fitted.replaced,
        "epochs": fitted.epochs,
        "calibration": asdict(calibration),
        "threshold": operating_point["threshold"],
        "operating_point": operating_point,
        "anchors": fitted.anchors.as_record()["sizes"],
        "anchor_ratios": list(fitted.anchors.ratios),
    }
