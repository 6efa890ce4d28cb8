"""The predictions of all shards as one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from utils.analysis.prediction.bursts import find_bursts
from utils.analysis.prediction.predict import SCHEMA
from utils.analysis.prediction.summary import summarise
from utils.dataset.splitting.fingerprint_index import FingerprintIndex
from utils.errors import InputError
from utils.metrics.detections import Detections
from utils.records import read_record


@dataclass(frozen=True)
class Predictions:
    """All shards' ``predictions_<p>.json`` as one, photographs sorted by name.

    Attributes
    ----------
    threshold
        Confidence from which a box counts.
    summaries
        As `utils.analysis.prediction.summary.summarise` returns them, one a photograph, and
        ``group``: photographs of one group are as one observation
        (`utils.analysis.prediction.bursts`).
    detections
        Of the same photographs.
    skipped
        ``{file, reason}`` of those that could not be read, sorted by file.
    """

    threshold: float
    summaries: list[dict[str, Any]]
    detections: list[Detections]
    skipped: list[dict[str, str]]


def read_predictions(
    paths: Sequence[Path],
    evaluation: dict[str, Any],
    fingerprints: Sequence[Path] = (),
    times: Mapping[str, str | None] | None = None,
) -> Predictions:
    """Read the predictions of all shards, and check that they are of the model evaluated.

    One shard's JSON is held at a time, so that memory depends on the number of faces alone. Bursts
    are found by the `fingerprints` of all shards; without them each photograph is a group. `times`
    by file name are surer than those of EXIF.

    Raises
    ------
    InputError
        If a record cannot be read, or is of another model or threshold than the evaluation.
    """
    threshold = evaluation["threshold"]
    model = {key: evaluation["model"][key] for key in ("arch", "digest")}

    def records() -> Iterator[tuple[object, dict[str, Any]]]:
        for path in paths:
            record = read_record(path, SCHEMA)
            for key, expected in (("threshold", threshold), ("model", model)):
                if record[key] != expected:
                    raise InputError(
                        f"{path}: field '{key}' is {record[key]}, that of the evaluation "
                        f"{expected}; predict and evaluate with the same model"
                    )
            yield path, record

    return joined(
        records(), threshold, [FingerprintIndex.read(path) for path in fingerprints], times
    )


def joined(
    records: Iterable[tuple[object, dict[str, Any]]],
    threshold: float,
    fingerprints: Sequence[FingerprintIndex] = (),
    times: Mapping[str, str | None] | None = None,
    groups: Mapping[str, int] | None = None,
) -> Predictions:
    """Return records of predictions as one; see `read_predictions`.

    Parameters
    ----------
    records
        Each with what to call it in an error: its ``photos`` and ``skipped``.
    threshold
        Confidence from which a box counts.
    groups
        By file, where the same photographs were grouped before: what groups them does not hang on
        the threshold, and takes long.
    """
    photos: list[tuple[dict[str, Any], Detections]] = []
    skipped: list[dict[str, str]] = []
    for name, record in records:
        photos += [
            (summarise(photo, threshold), _detections(name, photo)) for photo in record["photos"]
        ]
        skipped += record["skipped"]
    photos.sort(key=lambda one: one[0]["name"])
    if groups is None:
        _add_groups([summary for summary, _ in photos], fingerprints, times or {})
    else:
        for summary, _ in photos:
            summary["group"] = groups[summary["file"]]
    return Predictions(
        threshold=threshold,
        summaries=[summary for summary, _ in photos],
        detections=[found for _, found in photos],
        skipped=sorted(skipped, key=lambda item: item["file"]),
    )


def _add_groups(
    summaries: Sequence[dict[str, Any]],
    fingerprints: Sequence[FingerprintIndex],
    given: Mapping[str, str | None],
) -> None:
    groups = range(len(summaries))
    if fingerprints:
        words = [given.get(one["file"]) or one["taken"] for one in summaries]
        times = [word and datetime.fromisoformat(word) for word in words]
        groups = find_bursts(fingerprints, [one["file"] for one in summaries], times)
    for summary, group in zip(summaries, groups, strict=True):
        summary["group"] = group


def _detections(name: object, photo: dict[str, Any]) -> Detections:
    try:
        return Detections.from_record(photo["faces"])
    except InputError as error:
        raise InputError(f"{name}: {photo['file']}: {error}") from error
