"""The jobs that apply the model: to new photographs, to new videos; and the report on all of it."""

from collections.abc import Sequence
from itertools import chain

from utils.dag.calls import Checkpoint, In, Out
from utils.dag.jobs import Jobs
from utils.dag.new_data import NewData, annotated_name
from utils.dag.resources import FASTEST, video_resources
from utils.dag.travelling import ANNOTATED, CONFIGURATION, FINGERPRINTS, GROUPS, MODEL


class ApplyingJobs:
    """Adds to `jobs` those that look at `new` photographs and videos, and the report."""

    def __init__(self, jobs: Jobs, new: NewData) -> None:
        options = jobs.options
        self._jobs, self._options, self._new = jobs, options, new
        self._blur = ["--blur"] if options.blur else []
        self._clock = ["--clock", options.clock] if options.clock else []
        self._compare = ["--compare", *options.compare] if options.compare else []

    def add(self, trials: list) -> None:
        """Add them all; `trials` are the arguments of the report that tell of the search."""
        made = self._predict_photographs() | self._predict_videos()
        predictions = [word for option, some in made.items() if some for word in (option, *some)]
        self._report(trials, predictions)

    def _predict_photographs(self) -> dict[str, list]:
        """Add the jobs that look at photographs; return what of theirs the report takes."""
        new = self._new.photos
        whole = self._options.faces or not self._jobs.judges
        other = [] if self._new.videos else ["test_clean.tar" if whole else "test_faces.tar"]
        shards = new or other
        learnt = ["--fingerprints", In(FINGERPRINTS)] if new else []  # the test side resembles none
        for p, shard in enumerate(shards):
            self._jobs.add(
                "predict",
                ["--model", In(MODEL), "--photos", In(shard), *learnt],
                ["--predictions", Out(f"predictions_{p}.json", keep=True)],
                ["--images", Out(f"predicted_images_{p}.tar", keep=True)],
                ["--own-fingerprints", Out(f"new_fingerprints_{p}.npz")],
                self._blur,
                suffix=f"_{p}",
            )
        return {
            "--predictions": [In(f"predictions_{p}.json") for p in range(len(shards))],
            "--images": [In(f"predicted_images_{p}.tar") for p in range(len(shards))],
            "--fingerprints": [In(f"new_fingerprints_{p}.npz") for p in range(len(shards))],
        }

    def _predict_videos(self) -> dict[str, list]:
        """Add the jobs that watch videos; return what of theirs the report takes."""
        o, made = self._options, {}
        rate = ["--rate", o.frame_rate] if o.frame_rate else []
        for p, (shard, listed) in enumerate(zip(self._new.videos, self._new.lists, strict=True)):
            name = f"predict_videos_{p}"
            outputs = {
                "--predictions": Out(f"video_predictions_{p}.json", keep=True),
                "--images": Out(f"people_images_{p}.tar", keep=True),
                "--faces": Out(f"video_faces_{p}.csv", keep=True),
            }
            self._jobs.add(
                "predict_videos",
                ["--model", In(MODEL), "--videos", *map(In, shard.files), "--listed", In(listed)],
                [*rate, "--every", o.every, "--least-seconds", o.least_seconds, *self._blur],
                self._clock,
                ["--checkpoint", Checkpoint(f"{name}.ckpt"), *self._jobs.handing_over],
                chain(*outputs.items()),
                self._annotated(name, shard.files),
                suffix=f"_{p}",
                besides=video_resources(
                    shard.seconds,
                    shard.mib,
                    o.frame_rate or FASTEST / o.every,
                    o.annotated_videos,
                ),
            )
            for option, told in (("--predictions", "--videos"), ("--images", "--people-images")):
                made.setdefault(told, []).append(In(outputs[option].lfn))
        return made

    def _annotated(self, name: str, files: Sequence[str]) -> list:
        """Return the arguments of the annotated videos of a job that watches files."""
        if not self._options.annotated_videos:
            return []
        made = [Out(annotated_name(file), keep=True) for file in files]
        return ["--annotated", *made, "--recording", Checkpoint(f"{name}.packets")]

    def _report(self, trials: list, predictions: list) -> None:
        self._jobs.add(
            "report",
            ["--configuration", In(CONFIGURATION), "--split", In("split.json")],
            ["--training", In("training.json"), "--evaluation", In("evaluation.json")],
            ["--groups", In(GROUPS)] if self._options.groups else [],
            [*trials, *predictions, "--pictures", *map(In, self._jobs.shown), *self._jobs.seed],
            ["--annotated", In(ANNOTATED)] if self._options.predict_annotations else [],
            [*self._clock, *self._compare] if self._new.videos else [],
            ["--report", Out("report.html", keep=True)],
            ["--prevalence", Out("prevalence.json", keep=True)],
            self._tables(),
            ["--shares", Out("shares_by_group.png", keep=True)] if self._options.groups else [],
        )

    def _tables(self) -> list:
        """Return what the report writes of photographs, and of videos, where there are any."""
        names = {}
        if self._new.photos or not self._new.videos:
            names |= {"--table": "predictions.txt", "--faces": "predictions.csv"}
            names |= {"--picture": "predicted_image.png"}
        if self._new.videos:
            names |= {"--people": "people.csv", "--timeline": "timeline.csv"}
            names |= {"--timeline-picture": "timeline.png"}
        return list(chain(*((name, Out(file, keep=True)) for name, file in names.items())))
