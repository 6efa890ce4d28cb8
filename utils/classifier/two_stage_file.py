"""A detector of two stages as one file: the classifier, the finder, and what joins them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit, logit

from utils.classifier import model_file as classifier_file
from utils.classifier.finders.finder import FaceFinder, Frame
from utils.classifier.finders.names import FINDERS, Looking, options_of, spelled
from utils.errors import InputError, brief
from utils.metrics.calibration import Calibration
from utils.networks.model_file import DAMAGE, Remembering, as_bytes, as_tensor, damaged

SCHEMA = 1

KIND = "two_stage"
"""The kind of these model files, by which `utils.models.load_model` goes."""

AS_THEY_ARE: Frame = (0, 0, 1, 1)

_FIELDS = {"finder", "sureness", "frame", "threshold", "calibration", "classifier"}


@dataclass(frozen=True)
class Sureness:
    """How likely a box of a finder is a face, by its score (Platt 1999).

    Attributes
    ----------
    scale, shift
        By which the logit of the score is multiplied, and what is then added.
    """

    scale: float = 1.0
    shift: float = 0.0

    def of(self, scores: np.ndarray) -> np.ndarray:
        """Return probabilities, float64 (N,), of scores in 0..1."""
        return expit(self.scale * logits(scores) + self.shift)


def logits(scores: np.ndarray) -> np.ndarray:
    """Return the logits, float64 (N,), of scores, of which none is taken for certain."""
    return logit(np.clip(np.asarray(scores, np.float64), 1e-4, 1 - 1e-4))


@dataclass(frozen=True)
class FinderRecord:
    """A finder as a file holds it.

    Attributes
    ----------
    name, options, identity
        As of `utils.classifier.finders.finder.FaceFinder`.
    weights
        Its ``content``: what it needs besides the package that brings it.
    """

    name: str
    options: Looking
    identity: str
    weights: Any = None

    @classmethod
    def of(cls, finder: FaceFinder) -> "FinderRecord":
        """Return what a file is to hold of a finder."""
        return cls(finder.name, finder.options, finder.identity, finder.content())

    def as_record(self) -> dict[str, Any]:
        """Return plain values and tensors."""
        return {
            "name": self.name,
            "options": asdict(self.options),
            "identity": self.identity,
            "weights": self.weights,
        }


@dataclass(frozen=True)
class TwoStageFile(Remembering):
    """What stands in ``mask_detection_model.pth`` of a detector of two stages.

    Attributes
    ----------
    finder, classifier
        The stages.
    sureness
        From the finder's score to how likely there is a face.
    frame
        From the finder's boxes to such as annotations are (`finders.finder.reframed`).
    threshold
        The confidence from which a detection counts, chosen on validation.
    calibration
        Of the probabilities of both together, fitted on validation.
    metrics
        What was measured on validation; empty where the stages were put together without any.
    fingerprints, evaluation
        As in `utils.detector.model_file`: what the photographs that a stage learnt from are
        recognised by; what a test showed of both together.
    """

    finder: FinderRecord
    classifier: classifier_file.ModelFile
    sureness: Sureness = field(default_factory=Sureness)
    frame: Frame = AS_THEY_ARE
    threshold: float = 0.5
    calibration: Calibration = field(default_factory=Calibration)
    metrics: dict[str, Any] = field(default_factory=dict)
    fingerprints: bytes | None = None
    evaluation: dict[str, Any] | None = None

    @property
    def arch(self) -> str:
        """Finder and network in a word."""
        return f"{self.finder.name}+{self.classifier.arch}"

    @property
    def data_version(self) -> str:
        """Version of the annotated photographs that the classifier learnt from."""
        return self.classifier.data_version

    def as_trained(self) -> dict[str, Any]:
        """Return what ``training.json`` tells of both together, over what it tells of one."""
        alone = self.classifier
        return {
            "faces": spelled(self.finder.name, self.finder.options),
            "calibration": asdict(self.calibration),
            "threshold": self.threshold,
            "operating_point": self.metrics["operating_point"],
            "classifier": {
                "calibration": asdict(alone.calibration),
                "threshold": alone.threshold,
            },
        }

    def content(self) -> dict[str, Any]:
        """Return what its file holds."""
        return {
            "schema": SCHEMA,
            "kind": KIND,
            "finder": self.finder.as_record(),
            "sureness": asdict(self.sureness),
            "frame": list(self.frame),
            "threshold": self.threshold,
            "calibration": asdict(self.calibration),
            "metrics": self.metrics,
            "fingerprints": as_tensor(self.fingerprints),
            "evaluation": self.evaluation,
            "classifier": self.classifier.content(),
        }


def file_of(content: Any, path: Path) -> TwoStageFile:
    """Return what the file `path`, which holds `content`, is of; an `InputError` says why not."""
    if not isinstance(content, Mapping) or content.get("kind") != KIND:
        found = content.get("kind") if isinstance(content, Mapping) else None
        raise InputError(f"{path}: field 'kind' is {brief(found)!r}, expected {KIND!r}")
    if content.get("schema") != SCHEMA:
        raise InputError(
            f"{path}: field 'schema' is {brief(content.get('schema'))}, expected {SCHEMA}; train "
            "the model again with this version"
        )
    if missing := _FIELDS - content.keys():
        raise InputError(
            f"{path}: lacks {', '.join(sorted(missing))}; it is no whole model file, make it again"
        )
    classifier = classifier_file.model_of(content["classifier"], Path(f"{path} (its classifier)"))
    try:
        finder = content["finder"]
        made = TwoStageFile(
            finder=FinderRecord(
                finder["name"],
                options_of(finder["name"], finder["options"]),
                finder["identity"],
                finder["weights"],
            ),
            classifier=classifier,
            sureness=Sureness(**content["sureness"]),
            frame=tuple(content["frame"]),
            threshold=content["threshold"],
            calibration=Calibration(**content["calibration"]),
            metrics=content.get("metrics", {}),
            fingerprints=as_bytes(content.get("fingerprints")),
            evaluation=content.get("evaluation"),
        )
        _check_numbers(made)
    except DAMAGE as error:
        raise damaged(path, error) from error
    except InputError as error:
        raise InputError(f"{path}: field 'finder': {error}") from error
    if FINDERS[made.finder.name].weights != isinstance(made.finder.weights, Mapping):
        raise InputError(
            f"{path}: field 'finder' does not hold what {made.finder.name} needs; make it again"
        )
    return made


def _check_numbers(file: TwoStageFile) -> None:
    """Raise a `ValueError` unless all numbers that join the stages are such."""
    calibration, sureness = file.calibration, file.sureness
    for name, values, low, high in (
        ("threshold", (file.threshold,), 0, 1),
        ("sureness", (sureness.scale, sureness.shift), -1e3, 1e3),
        ("frame", _numbers(file.frame, 4)[:2], -2, 2),
        ("frame", file.frame[2:], 0.1, 10),
        ("calibration", (calibration.temperature,), 1e-3, 1e3),
        ("calibration", (calibration.background,), -1e3, 1e3),
    ):
        if not all(math.isfinite(value) and low <= value <= high for value in values):
            raise ValueError(f"{name} is {brief(values, 60)}")


def _numbers(values: Sequence[float], count: int) -> Sequence[float]:
    if len(values) != count:
        raise ValueError(f"{brief(values, 60)} are not {count} numbers")
    return values
