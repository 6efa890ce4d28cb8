"""The jobs that learn a model and prove it: from the split of the data to the evaluation."""

from utils.dag.calls import Checkpoint, In, Out
from utils.dag.jobs import Jobs
from utils.dag.resources import RETRIES
from utils.dag.travelling import (
    DATASET,
    DETECTOR,
    FINGERPRINTS,
    GIVEN_SIDES,
    MODEL,
    finder_file,
    learnt_file,
)


class LearningJobs:
    """Adds to `jobs` those that learn and prove.

    Parameters
    ----------
    data_version
        That the model file is to name.
    """

    def __init__(self, jobs: Jobs, data_version: str | None) -> None:
        options = jobs.options
        self._jobs, self._options = jobs, options
        self._data_version = ["--data-version", data_version] if data_version else []
        self._recipe = ["--recipe", *options.recipe] if options.recipe else []
        begin = ["--arch", options.arch, "--image-size", options.image_size]
        self._searched = ["--search", *options.search, *begin] if options.search else []
        cutting = ["--margin", options.margin, "--smallest-face", options.smallest_face]
        self._cutting = cutting if jobs.judges else []
        self._task = ["--task", options.task] if jobs.judges else []
        judging = ["--freeze", options.freeze, "--margin", options.margin]
        self._judging = judging if jobs.judges else []

    def add(self) -> list:
        """Add them all; return the arguments of the report that tell of the search."""
        self._data()
        params, trials = self._search() if self._options.trials else (self._recipe, [])
        self._train(params)
        self._evaluate()
        return trials

    def _data(self) -> None:
        o = self._options
        sides = ["--train", Out("train.tar"), "--val", Out("val.tar"), "--test", Out("test.tar")]
        learnt = learnt_file(o)
        self._jobs.add(
            "split_data",
            ["--dataset", In(DATASET), *sides, "--report", Out("split.json", keep=True)],
            ["--fingerprints", Out(FINGERPRINTS), *self._jobs.seed],
            ["--skip-bad"] if o.skip_bad else [],
            ["--sides", In(GIVEN_SIDES)] if o.split == "given" else [],
            ["--learnt", In(learnt)] if learnt else [],
        )
        self._jobs.add(
            "plot_class_distribution",
            ["--shards", In("train.tar"), In("val.tar"), In("test.tar")],
            ["--output", *self._jobs.pictures("class_distribution.png")],
            ["--photographs", *self._jobs.pictures("annotated_photographs.jpg")],
        )
        for s, shard in enumerate(self._train_shards()):
            self._jobs.add(
                "preprocess_aug_train",
                ["--input", In("train.tar"), "--output", Out(shard)],
                ["--shard", s, "--shards", o.train_shards, "--sigma", o.noise],
                ["--copies", o.noise_copies, "--rare-copies", o.rare_copies, *self._jobs.seed],
                self._cutting,
                executable="augment",
                suffix=f"_{s}",
            )
        for side in ("val", "test"):
            self._jobs.add(
                f"preprocess_{side}",
                ["--input", In(f"{side}.tar"), "--output", Out(f"{side}_clean.tar")],
                [*self._cutting, "--faces", Out(f"{side}_faces.tar")] if self._jobs.judges else [],
                executable="preprocess",
            )

    def _search(self) -> tuple[list, list]:
        """Return the arguments of who trains with what was found, and of who reports it."""
        o = self._options
        told: list = []
        for r in range(1, o.rounds + 1):
            study = f"hpo_study_{r}.log"
            width = min(o.hpo_width, o.trials - (r - 1) * o.hpo_width)
            names = [f"hpo_{r}_{k}" for k in range(width)]
            self._jobs.add(
                "hpo_suggest",
                ["suggest", "--round", r, "--trials", o.trials, *self._jobs.seed, *told],
                self._recipe,
                self._task,
                self._searched,
                ["--study-out", Out(study)],
                ["--suggestions", *(Out(f"{name}.json") for name in names)],
                executable="hpo",
                suffix=f"_{r}",
            )
            for k, name in enumerate(names):
                self._jobs.add(
                    "hpo_trial",
                    ["trial", "--suggestion", In(f"{name}.json"), "--study", In(study)],
                    self._learning(o.epochs_per_trial, o.gpus),
                    ["--tries", RETRIES + 1, "--result", Out(f"{name}_result.json")],
                    ["--checkpoint", Checkpoint(f"{name}.ckpt"), *self._jobs.handing_over],
                    executable="hpo",
                    suffix=f"_{r}_{k}",
                )
            results = [In(f"{name}_result.json") for name in names]
            told = ["--study", In(study), "--results", *results]
        kept = [
            Out("best_hpo_params.json", keep=True),
            Out("hpo_study.log", keep=True),
            *self._jobs.pictures("hpo_history.png"),
        ]
        options = ["--params", "--study-out", "--history"]
        written = zip(options, kept, strict=True)
        self._jobs.add("hpo_best", ["best", *told], self._task, *written, executable="hpo")
        params, study = (In(file.lfn) for file in kept[:2])
        return ["--params", params], ["--params", params, "--study", study]

    def _train(self, params: list) -> None:
        self._jobs.add(
            "train_model",
            params,
            self._learning(self._options.epochs, self._options.processes),
            ["--checkpoint", Checkpoint("train_model.ckpt"), *self._jobs.handing_over],
            ["--fingerprints", In(FINGERPRINTS)],
            self._data_version,
            self._finding(),
            ["--model", Out(MODEL, keep=True)],
            ["--log", Out("training.json", keep=True)],
            ["--curves", *self._jobs.pictures("training_curves.png")],
        )

    def _finding(self) -> list:
        """Return the arguments of what finds the faces that a classifier judges."""
        o = self._options
        if o.faces is None:
            return []
        weights = finder_file(o)
        held = ["--faces-weights", In(weights)] if weights else []
        return ["--faces", o.finder, *held, "--val-photographs", In("val_clean.tar")]

    def _evaluate(self) -> None:
        o = self._options
        names = ["confusion_matrix", "precision_recall", "calibration", "mistakes"]
        if self._jobs.judges:
            names += [f"faces_{name}" for name in names] if o.faces else []
            names += ["roc", "grad_cam"]
        validation = In("val_faces.tar" if self._jobs.judges and not o.faces else "val_clean.tar")
        self._jobs.add(
            "evaluate",
            ["--model", In(MODEL), "--test", In("test_clean.tar"), *self._jobs.seed],
            ["--faces-test", In("test_faces.tar")] if self._jobs.judges else [],
            ["--json", Out("evaluation.json", keep=True)],
            ["--text", Out("evaluation.txt", keep=True)],
            ["--pictures", *self._jobs.pictures(*(f"{name}.png" for name in names))],
            ["--split", In("split.json"), "--detector", Out(DETECTOR, keep=True)],
            ["--validation", validation] if o.join_validation else [],
        )

    def _train_shards(self) -> list[str]:
        return [f"train_aug_{s}.tar" for s in range(self._options.train_shards)]

    def _learning(self, epochs: int, processes: int) -> list:
        """Return the arguments that a trial and the final training share.

        Without GPUs a trial is one process: trials share the cores by being trained side by side.
        """
        o = self._options
        shards = [In(shard) for shard in self._train_shards()]
        files = [In(name) for name in self._jobs.weights.values()]
        of_several = ["--weights-for", *self._jobs.weights] if len(o.archs) > 1 and files else []
        schedule = ["--arch", o.arch, "--epochs", epochs, "--image-size", o.image_size]
        return [
            *("--train", *shards),
            *("--val", In("val_faces.tar" if self._jobs.judges else "val_clean.tar")),
            *schedule,
            *("--cache-mb", o.cache_mb),
            *(["--weights", *files] if files else []),
            *of_several,
            *self._task,
            *self._judging,
            *self._jobs.seed,
            *(["--processes", processes] if processes > 1 else []),
        ]
