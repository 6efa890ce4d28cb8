"""``faces.json``: every face that was found, and by which model."""

from collections.abc import Mapping, Sequence
from typing import Any

from utils.analysis.prediction.merged import Predictions
from utils.dataset.labels import CLASSES
from utils.model_files import Model


def faces_record(
    model: Model,
    photos: Sequence[Mapping[str, Any]],
    predictions: Predictions,
    pictures: Mapping[str, str | None],
) -> dict[str, Any]:
    """Return the record ``faces.json``: that of ``predictions_<p>.json``, and more.

    Parameters
    ----------
    photos
        As `utils.analysis.prediction.looking.Looked.record` returns them.
    predictions
        Of the same photographs.
    pictures
        Where each is drawn, by the names of the photographs.

    Returns
    -------
    ``threshold``, ``model`` (`model_record`), ``classes``, ``photos`` (each with its ``picture``,
    and ``group``: equal for near-duplicates) and ``skipped`` ([{file, reason}]). The four
    probabilities of a face are of "no face" and of the ``classes``, in their order.
    """
    groups = {one["name"]: one["group"] for one in predictions.summaries}
    return {
        "threshold": float(model.threshold),
        "model": model_record(model),
        "classes": list(CLASSES),
        "photos": [
            {**one, "group": groups[one["name"]], "picture": pictures.get(one["name"])}
            for one in sorted(photos, key=lambda one: one["name"])
        ],
        "skipped": predictions.skipped,
    }


def model_record(model: Model) -> dict[str, Any]:
    """Return what results tell of the model that looked.

    Returns
    -------
    ``arch``; ``digest`` of its file; and ``data_version``, the version of the annotated photographs
    that it learnt from, None where its file does not say.
    """
    return {"arch": model.arch, "digest": model.digest, "data_version": model.data_version}
