"""What Prometheus is told: requests, times, the queue, refusals, faces, and drift."""

from collections.abc import Callable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily

from service.looking import Found
from service.models import Served
from utils.dataset.labels import CLASSES
from utils.drift.latest import Latest
from utils.metrics.ranking import face_sides

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
CONFIDENCES = tuple(number / 20 for number in range(1, 21))
SIDES = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024)

Gauges = Callable[[], dict[str, tuple[str, float]]]


class Metrics:
    """Counts of one service, in a registry of its own.

    Parameters
    ----------
    gauges
        Returns what is so at the moment: a help text and a value by name.
    """

    def __init__(self, gauges: Gauges) -> None:
        self.registry = CollectorRegistry()
        self._gauges = gauges
        self._latest: dict[str, tuple[str, Latest]] = {}
        one = {"registry": self.registry}
        self._requests = Counter("mask_requests", "Requests", ("route", "method", "status"), **one)
        self._seconds = Histogram(
            "mask_request_seconds",
            "From a request to its answer",
            ("route",),
            buckets=SECONDS,
            **one,
        )
        self._stages = Histogram(
            "mask_stage_seconds", "Parts of that, a photograph", ("stage",), buckets=SECONDS, **one
        )
        self._refused = Counter("mask_refusals", "Requests refused", ("reason",), **one)
        self._photographs = Counter("mask_photographs", "Looked at", ("model",), **one)
        self._faces = Counter("mask_faces", "Faces that counted", ("model", "class"), **one)
        self._confidence = Histogram(
            "mask_confidence",
            "Of faces that counted",
            ("model", "class"),
            buckets=CONFIDENCES,
            **one,
        )
        self._side = Histogram(
            "mask_face_side_pixels",
            "Root of the area of faces that counted",
            ("model",),
            buckets=SIDES,
            **one,
        )
        ProcessCollector(registry=self.registry)  # memory, processor time, open files
        self.registry.register(self)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count a request; `route` and `method` are ones that there are, or "other"."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a refusal (`service.problems.Problem`)."""
        self._refused.labels(reason).inc()

    def looked(self, served: Served, found: Found, threshold: float) -> None:
        """Count a photograph that was looked at, and its faces.

        Drift is watched at the model's own threshold, at which it was tested.
        """
        for stage, milliseconds in found.ms.items():
            if stage != "total":
                self._stages.labels(stage).observe(milliseconds / 1000)
        self._photographs.labels(served.name).inc()
        kept = found.detections.above(threshold)
        for label, score in zip(kept.labels, kept.scores, strict=True):
            name = CLASSES[label - 1]
            self._faces.labels(served.name, name).inc()
            self._confidence.labels(served.name, name).observe(float(score))
        for side in face_sides(kept):
            self._side.labels(served.name).observe(float(side))
        self._latest_of(served).add(found.detections)

    def exposed(self) -> bytes:
        """Return all in the text format of Prometheus."""
        return generate_latest(self.registry)

    def describe(self) -> list[GaugeMetricFamily]:
        """Return nothing: what `collect` yields is not known before."""
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield what is so at the moment."""
        for name, (text, value) in self._gauges().items():
            yield GaugeMetricFamily(name, text, value=value)
        distance = GaugeMetricFamily(
            "mask_drift_distance",
            "Largest distance of the cumulative shares of the latest photographs and of the test's",
            labels=["model", "version", "feature"],
        )
        chance = GaugeMetricFamily(
            "mask_drift_p",
            "Chance of so large a distance in any feature where there is none",
            labels=["model", "version"],
        )
        for name, (version, latest) in list(self._latest.items()):
            if compared := latest.compared():
                chance.add_metric([name, version], compared.p)
                for one in compared.features:
                    if one.distance is not None:
                        distance.add_metric([name, version, one.name], one.distance)
        yield from (distance, chance)

    def _latest_of(self, served: Served) -> Latest:
        """Return the latest photographs of a model, begun anew where another took its place."""
        version, latest = self._latest.get(served.name, ("", None))
        if latest is None or version != served.version:
            model = served.model
            latest = Latest(model.file.evaluation, model.file.threshold)
            self._latest[served.name] = served.version, latest
        return latest
