"""The DAG: every job's call, files and resources, described with the Pegasus API."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from Pegasus.api import Workflow

from utils.dag.calls import Checkpoint, In, Out, called
from utils.dag.new_data import NewData, annotated_name, as_named
from utils.dag.options.table import Options
from utils.dag.resources import (
    BATCH_SIZES,
    CHIP,
    FASTEST,
    NO_MORE,
    PROGRAM,
    RESOURCES,
    RETRIES,
    More,
    training_memory,
    video_resources,
)
from utils.dag.travelling import (
    ANNOTATED,
    CONFIGURATION,
    DATASET,
    DETECTOR,
    FINGERPRINTS,
    GIVEN_SIDES,
    GROUPS,
    MODEL,
    finder_file,
    learnt_file,
    weights_files,
)


def build_workflow(
    options: Options,
    weights: Mapping[str, str] | None = None,
    data_version: str | None = None,
    new: NewData | None = None,
) -> Workflow:
    """Return the workflow that `options` describe; of files, only an image's size is looked at.

    Parameters
    ----------
    weights
        Settled, see `weights_files`.
    data_version
        That the model file is to name.
    new
        The new photographs and videos, once they were looked for; until then what names tell.
    """
    return _Pipeline(options, weights, data_version, new or as_named(options)).build()


def _size(image: str | None) -> int:
    """Return the MiB that an image takes in a job's folder; 0 of none, or of one in a registry."""
    path = Path(image or "")
    return -(-path.stat().st_size // 2**20) if path.is_file() else 0


class _Pipeline:
    def __init__(
        self,
        options: Options,
        weights: Mapping[str, str] | None,
        data_version: str | None,
        new: NewData,
    ) -> None:
        self.options, self.new = options, new
        self.data_version = ["--data-version", data_version] if data_version else []
        self.weights = weights_files(options, weights)
        self.workflow = Workflow(options.name)
        self.seed = ["--seed", options.seed]
        self.shown: list[str] = []  # pictures of the jobs so far
        self.recipe = ["--recipe", *options.recipe] if options.recipe else []
        begin = ["--arch", options.arch, "--image-size", options.image_size]
        self.searched = ["--search", *options.search, *begin] if options.search else []
        self.judges = options.task == "classify"
        cutting = ["--margin", options.margin, "--smallest-face", options.smallest_face]
        self.cutting = cutting if self.judges else []
        self.task = ["--task", options.task] if self.judges else []
        judging = ["--freeze", options.freeze, "--margin", options.margin]
        self.judging = judging if self.judges else []
        minutes = options.checkpoint_minutes
        self.image_mib = _size(options.container)
        self.blur = ["--blur"] if options.blur else []
        self.clock = ["--clock", options.clock] if options.clock else []
        self.compare = ["--compare", *options.compare] if options.compare else []
        self.handing_over = [] if minutes is None else ["--checkpoint-minutes", minutes]

    def build(self) -> Workflow:
        self.data()
        params, trials = self.search() if self.options.trials else (self.recipe, [])
        self.train(params)
        self.evaluate()
        predictions = self.predict()
        self.report(params, trials, predictions)
        return self.workflow

    def data(self) -> None:
        o = self.options
        sides = ["--train", Out("train.tar"), "--val", Out("val.tar"), "--test", Out("test.tar")]
        learnt = learnt_file(o)
        self.job(
            "split_data",
            ["--dataset", In(DATASET), *sides, "--report", Out("split.json", keep=True)],
            ["--fingerprints", Out(FINGERPRINTS), *self.seed],
            ["--skip-bad"] if o.skip_bad else [],
            ["--sides", In(GIVEN_SIDES)] if o.split == "given" else [],
            ["--learnt", In(learnt)] if learnt else [],
        )
        self.job(
            "plot_class_distribution",
            ["--shards", In("train.tar"), In("val.tar"), In("test.tar")],
            ["--output", *self.pictures("class_distribution.png")],
            ["--photographs", *self.pictures("annotated_photographs.jpg")],
        )
        for s, shard in enumerate(self.train_shards()):
            self.job(
                "preprocess_aug_train",
                ["--input", In("train.tar"), "--output", Out(shard)],
                ["--shard", s, "--shards", o.train_shards, "--sigma", o.noise],
                ["--copies", o.noise_copies, "--rare-copies", o.rare_copies, *self.seed],
                self.cutting,
                executable="augment",
                suffix=f"_{s}",
            )
        for side in ("val", "test"):
            self.job(
                f"preprocess_{side}",
                ["--input", In(f"{side}.tar"), "--output", Out(f"{side}_clean.tar")],
                [*self.cutting, "--faces", Out(f"{side}_faces.tar")] if self.judges else [],
                executable="preprocess",
            )

    def search(self) -> tuple[list, list]:
        o = self.options
        told: list = []
        for r in range(1, o.rounds + 1):
            study = f"hpo_study_{r}.log"
            width = min(o.hpo_width, o.trials - (r - 1) * o.hpo_width)
            names = [f"hpo_{r}_{k}" for k in range(width)]
            self.job(
                "hpo_suggest",
                ["suggest", "--round", r, "--trials", o.trials, *self.seed, *told],
                self.recipe,
                self.task,
                self.searched,
                ["--study-out", Out(study)],
                ["--suggestions", *(Out(f"{name}.json") for name in names)],
                executable="hpo",
                suffix=f"_{r}",
            )
            for k, name in enumerate(names):
                self.job(
                    "hpo_trial",
                    ["trial", "--suggestion", In(f"{name}.json"), "--study", In(study)],
                    self.learning(o.epochs_per_trial, o.gpus),
                    ["--tries", RETRIES + 1, "--result", Out(f"{name}_result.json")],
                    ["--checkpoint", Checkpoint(f"{name}.ckpt"), *self.handing_over],
                    executable="hpo",
                    suffix=f"_{r}_{k}",
                )
            results = [In(f"{name}_result.json") for name in names]
            told = ["--study", In(study), "--results", *results]
        kept = [
            Out("best_hpo_params.json", keep=True),
            Out("hpo_study.log", keep=True),
            *self.pictures("hpo_history.png"),
        ]
        options = ["--params", "--study-out", "--history"]
        written = zip(options, kept, strict=True)
        self.job("hpo_best", ["best", *told], self.task, *written, executable="hpo")
        params, study = (In(file.lfn) for file in kept[:2])
        return ["--params", params], ["--params", params, "--study", study]

    def train(self, params: list) -> None:
        self.job(
            "train_model",
            params,
            self.learning(self.options.epochs, self.options.processes),
            ["--checkpoint", Checkpoint("train_model.ckpt"), *self.handing_over],
            ["--fingerprints", In(FINGERPRINTS)],
            self.data_version,
            self.finding(),
            ["--model", Out(MODEL, keep=True)],
            ["--log", Out("training.json", keep=True)],
            ["--curves", *self.pictures("training_curves.png")],
        )

    def finding(self) -> list:
        """Return the arguments of what finds the faces that a classifier judges."""
        o = self.options
        if o.faces is None:
            return []
        weights = finder_file(o)
        held = ["--faces-weights", In(weights)] if weights else []
        return ["--faces", o.finder, *held, "--val-photographs", In("val_clean.tar")]

    def evaluate(self) -> None:
        o = self.options
        names = ["confusion_matrix", "precision_recall", "calibration", "mistakes"]
        if self.judges:
            names += [f"faces_{name}" for name in names] if o.faces else []
            names += ["roc", "grad_cam"]
        validation = In("val_faces.tar" if self.judges and not o.faces else "val_clean.tar")
        self.job(
            "evaluate",
            ["--model", In(MODEL), "--test", In("test_clean.tar"), *self.seed],
            ["--faces-test", In("test_faces.tar")] if self.judges else [],
            ["--json", Out("evaluation.json", keep=True)],
            ["--text", Out("evaluation.txt", keep=True)],
            ["--pictures", *self.pictures(*(f"{name}.png" for name in names))],
            ["--split", In("split.json"), "--detector", Out(DETECTOR, keep=True)],
            ["--validation", validation] if o.join_validation else [],
        )

    def predict(self) -> list:
        new = self.new.photos
        whole = self.options.faces or not self.judges
        other = [] if self.new.videos else ["test_clean.tar" if whole else "test_faces.tar"]
        shards = new or other
        learnt = ["--fingerprints", In(FINGERPRINTS)] if new else []  # the test side resembles none
        for p, shard in enumerate(shards):
            self.job(
                "predict",
                ["--model", In(MODEL), "--photos", In(shard), *learnt],
                ["--predictions", Out(f"predictions_{p}.json", keep=True)],
                ["--images", Out(f"predicted_images_{p}.tar", keep=True)],
                ["--own-fingerprints", Out(f"new_fingerprints_{p}.npz")],
                self.blur,
                suffix=f"_{p}",
            )
        files = {
            "--predictions": [In(f"predictions_{p}.json") for p in range(len(shards))],
            "--images": [In(f"predicted_images_{p}.tar") for p in range(len(shards))],
            "--fingerprints": [In(f"new_fingerprints_{p}.npz") for p in range(len(shards))],
            **self.predict_videos(),
        }
        return [word for name, some in files.items() if some for word in (name, *some)]

    def predict_videos(self) -> dict[str, list]:
        """Add the jobs that watch videos; return what of theirs the report takes."""
        o, made = self.options, {}
        rate = ["--rate", o.frame_rate] if o.frame_rate else []
        for p, (shard, listed) in enumerate(zip(self.new.videos, self.new.lists, strict=True)):
            name = f"predict_videos_{p}"
            outputs = {
                "--predictions": Out(f"video_predictions_{p}.json", keep=True),
                "--images": Out(f"people_images_{p}.tar", keep=True),
                "--faces": Out(f"video_faces_{p}.csv", keep=True),
            }
            self.job(
                "predict_videos",
                ["--model", In(MODEL), "--videos", *map(In, shard.files), "--listed", In(listed)],
                [*rate, "--every", o.every, "--least-seconds", o.least_seconds, *self.blur],
                self.clock,
                ["--checkpoint", Checkpoint(f"{name}.ckpt"), *self.handing_over],
                chain(*outputs.items()),
                self.annotated(name, shard.files),
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

    def annotated(self, name: str, files: Sequence[str]) -> list:
        """Return the arguments of the annotated videos of a job that watches files."""
        if not self.options.annotated_videos:
            return []
        made = [Out(annotated_name(file), keep=True) for file in files]
        return ["--annotated", *made, "--recording", Checkpoint(f"{name}.packets")]

    def report(self, params: list, trials: list, predictions: list) -> None:
        self.job(
            "report",
            ["--configuration", In(CONFIGURATION), "--split", In("split.json")],
            ["--training", In("training.json"), "--evaluation", In("evaluation.json")],
            ["--groups", In(GROUPS)] if self.options.groups else [],
            [*trials, *predictions, "--pictures", *map(In, self.shown), *self.seed],
            ["--annotated", In(ANNOTATED)] if self.options.predict_annotations else [],
            [*self.clock, *self.compare] if self.new.videos else [],
            ["--report", Out("report.html", keep=True)],
            ["--prevalence", Out("prevalence.json", keep=True)],
            self.tables(),
            ["--shares", Out("shares_by_group.png", keep=True)] if self.options.groups else [],
        )

    def tables(self) -> list:
        """Return what the report writes of photographs, and of videos, where there are any."""
        names = {}
        if self.new.photos or not self.new.videos:
            names |= {"--table": "predictions.txt", "--faces": "predictions.csv"}
            names |= {"--picture": "predicted_image.png"}
        if self.new.videos:
            names |= {"--people": "people.csv", "--timeline": "timeline.csv"}
            names |= {"--timeline-picture": "timeline.png"}
        return list(chain(*((name, Out(file, keep=True)) for name, file in names.items())))

    def pictures(self, *names: str) -> list:
        """Return the pictures that a job writes, and let the report show them."""
        self.shown += names
        return [Out(name, keep=True) for name in names]

    def train_shards(self) -> list[str]:
        return [f"train_aug_{s}.tar" for s in range(self.options.train_shards)]

    def learning(self, epochs: int, processes: int) -> list:
        """Return the arguments that a trial and the final training share.

        Without GPUs a trial is one process: trials share the cores by being trained side by side.
        """
        o = self.options
        shards = [In(shard) for shard in self.train_shards()]
        files = [In(name) for name in self.weights.values()]
        of_several = ["--weights-for", *self.weights] if len(o.archs) > 1 and files else []
        schedule = ["--arch", o.arch, "--epochs", epochs, "--image-size", o.image_size]
        return [
            *("--train", *shards),
            *("--val", In("val_faces.tar" if self.judges else "val_clean.tar")),
            *schedule,
            *("--cache-mb", o.cache_mb),
            *(["--weights", *files] if files else []),
            *of_several,
            *self.task,
            *self.judging,
            *self.seed,
            *(["--processes", processes] if processes > 1 else []),
        ]

    def largest_training(self, processes: int) -> int:
        """Return the MiB that the largest training takes that recipe or search may ask for."""
        o = self.options
        if self.judges and o.freeze == "backbone" and self.weights.keys() >= set(o.archs):
            return 0  # nothing is kept for a gradient; from scratch nothing is frozen
        size = o.largest("image_size", o.image_size)
        batch = o.largest("batch_size", BATCH_SIZES[o.task])
        chip = 1 if self.judges else o.largest("chip", CHIP)  # a face is seen as a whole
        return training_memory(o.archs, int(size), int(batch), chip, processes)

    def job(
        self,
        kind: str,
        *arguments: Iterable,
        executable: str = "",
        suffix: str = "",
        besides: More = NO_MORE,
    ) -> None:
        """Add one job: `kind` names its row in the table of resources, to which comes `besides`."""
        job = called(executable or kind, kind + suffix, chain(*arguments))
        asked = RESOURCES[kind]
        final = kind == "train_model"
        cores = self.options.cores_to_train if final else asked.cores
        job.add_env(OMP_NUM_THREADS=str(cores), MKL_NUM_THREADS=str(cores))
        memory = asked.memory
        if asked.caches:
            processes = self.options.processes if final else max(1, self.options.gpus)
            more = (processes - 1) * PROGRAM
            memory = max(memory + more, self.largest_training(processes)) + self.options.cache_mb
        job.add_pegasus_profile(
            cores=cores,
            memory=f"{memory} MB",
            diskspace=f"{asked.disk + besides.disk + self.image_mib} MB",
            runtime=(asked.minutes + besides.minutes) * 60,
            **({"gpus": self.options.gpus} if asked.learns and self.options.gpus else {}),
        )
        self.workflow.add_jobs(job)
