"""The classifier that is kept: trained with the best parameters, calibrated."""

import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from utils.classifier.fit import Fitted, fit
from utils.classifier.model_file import ModelFile
from utils.classifier.plan import FacePlan
from utils.classifier.task import logits_on
from utils.classifier.validation import judged, masked
from utils.classifier.weights import origin
from utils.metrics.classification import accuracies
from utils.metrics.temperature import Temperature, fit_temperature
from utils.networks.devices import has_bfloat16
from utils.networks.model_file import in_half_precision, learnt_from, write_model
from utils.records import write_record
from utils.training.distributed import is_first, processes

THRESHOLD = 0.0
"""Every face that a classifier is given is one, however unsure its class: it counts."""

log = logging.getLogger(__name__)


def train_final(
    plan: FacePlan,
    checkpoint: Path,
    model: Path,
    log_record: Path,
    stop: Callable[[], bool] = lambda: False,
    fingerprints: Path | None = None,
    data_version: str = "",
) -> dict[str, Any] | None:
    """Train as planned; write the model file and the training's record, and return the record.

    Of processes that train together the first writes; the others return None.

    Only the training shards are learnt from. The validation shards give the curve and the
    calibration of the confidences, which would mean little on faces that were learnt by heart.

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
    network, validation, absent = fitted.network, fitted.validation, fitted.absent
    network.load_state_dict(in_half_precision(network.state_dict()))
    bfloat16 = has_bfloat16(network.head.centre.device)
    logits = logits_on(network, validation, plan.recipe.mirrored, bfloat16)
    possible = masked(logits, absent).numpy()
    calibration = fit_temperature(possible, validation.labels - 1)
    told = accuracies(judged(logits / calibration.temperature, validation, absent))
    write_model(
        model,
        ModelFile(
            arch=plan.arch,
            image_size=plan.image_size,
            threshold=THRESHOLD,
            state=network.state_dict(),
            calibration=calibration,
            absent=absent,
            margin=plan.margin,
            params=plan.recipe.as_params(),
            metrics={"validation": told},
            data_digest=fitted.photos.digest,
            data_version=data_version,
            fingerprints=learnt_from(fingerprints, plan.weights),
            started_from=origin(plan.weights, plan.arch) if plan.weights else None,
        ),
    )
    record = _record(plan, fitted, told, calibration)
    write_record(log_record, record)
    log.info("%s, validation balanced accuracy %s", calibration, told["balanced_accuracy"])
    return record


def _record(
    plan: FacePlan, fitted: Fitted, told: dict[str, Any], calibration: Temperature
) -> dict[str, Any]:
    return {
        "task": "classify",
        "arch": plan.arch,
        "params": plan.recipe.as_params(),
        "image_size": plan.image_size,
        "margin": plan.margin,
        "freeze": plan.freeze,
        "learning_stages": plan.learning_stages,
        "absent": list(fitted.absent),
        "photos": len(fitted.photos),
        "parameters": sum(parameter.numel() for parameter in fitted.network.parameters()),
        "device": str(fitted.network.head.centre.device),
        "weights": plan.weights.name if plan.weights else None,
        "processes": processes(),
        "replaced": fitted.replaced,
        "epochs": fitted.epochs,
        "calibration": asdict(calibration),
        "threshold": THRESHOLD,
        "validation": told,
    }
