import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from utils.dag.calls import checkpoints
from utils.dag.graph import edges
from utils.dag.new_data import NewData, VideoShard, annotated_name, as_named
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.resources import NETWORKS, RESOURCES
from utils.dag.travelling import (
    CODE,
    data_files,
    finder_file,
    learnt_file,
    weights_file,
    weights_files,
)
from utils.detector.names import ARCHITECTURES, RESNET50
from utils.job import InputPath, OutputPath, declared

BIN = Path(__file__).resolve().parents[2] / "bin"
FULL = Options(
    trials=3,
    hpo_width=2,
    train_shards=2,
    predict_shards=2,
    weights="coco",
    skip_bad=True,
    gpus=1,
    groups="folders",
)
WATCHING = Options(predict=(Path("new"), Path("clip.mp4")), trials=0)
RECIPE = ("batch_size=8", "optimizer=sgd")
JUDGING = Options(task="classify")
TWO_STAGES = Options(
    task="classify", faces="centerface", predict=(Path("new"),), trials=2, weights="imagenet"
)
VARIANTS = [
    FULL,
    Options(),
    Options(trials=0, recipe=RECIPE, weights="/a/own.pth"),
    Options(data=Path("faces.zip"), recipe=RECIPE, cache_mb=0),
    Options(predict_annotations=Path("annotate"), trials=0),
    Options(search=("image_size=320,640", "learning_rate=1e-5:0.1"), recipe=RECIPE),
    Options(search=(f"arch={','.join(ARCHITECTURES[:3])}",), weights="imagenet"),
    JUDGING,
    TWO_STAGES,
    Options(task="classify", faces="haar:smallest=20", trials=0, train_shards=2),
    Options(task="classify", faces="detector", join_validation=False, freeze="2", weights="faces"),
    Options(predict=(Path("a.mp4"), Path("b.MOV"), Path("c.mkv")), predict_shards=2, blur=True),
    Options(predict=(Path("new"), Path("a.mp4")), every=3, trials=0),
    Options(
        predict=(Path("a.mp4"), Path("b.mkv")),
        annotated_videos=True,
        clock="2026-03-01T09:00:00",
        compare=("9:00-10:00", "10:00-11:00"),
    ),
    Options(task="classify", search=("arch=vgg16,resnet18",), weights="imagenet", recipe=RECIPE),
]


def files(job, kind: str) -> set[str]:
    return {use.file.lfn for use in job.uses if use._type == kind}


def parents(options: Options) -> dict[str, set[str]]:
    children = edges(build_workflow(options))
    return {name: {p for p, below in children.items() if name in below} for name in children}


def test_the_jobs_are_those_of_the_design():
    assert set(build_workflow(FULL).jobs) == {
        *("split_data", "plot_class_distribution", "preprocess_val", "preprocess_test"),
        *("preprocess_aug_train_0", "preprocess_aug_train_1"),
        *("hpo_suggest_1", "hpo_trial_1_0", "hpo_trial_1_1", "hpo_suggest_2", "hpo_trial_2_0"),
        *("hpo_best", "train_model", "evaluate", "predict_0", "predict_1", "report"),
    }


def test_who_waits_for_whom():
    waits = parents(FULL)
    data = {"preprocess_aug_train_0", "preprocess_aug_train_1", "preprocess_val"}
    assert waits["split_data"] == waits["hpo_suggest_1"] == set()
    assert waits["preprocess_aug_train_1"] == {"split_data"}
    assert waits["plot_class_distribution"] == {"split_data"}
    assert waits["hpo_trial_1_0"] == waits["hpo_trial_1_1"] == {"hpo_suggest_1", *data}
    assert waits["hpo_suggest_2"] == {"hpo_suggest_1", "hpo_trial_1_0", "hpo_trial_1_1"}
    assert waits["hpo_best"] == {"hpo_suggest_2", "hpo_trial_2_0"}
    assert waits["train_model"] == {"hpo_best", "split_data", *data}
    assert waits["evaluate"] == {
        *("train_model", "split_data", "preprocess_test", "preprocess_val")
    }
    assert waits["predict_0"] == waits["predict_1"] == {"train_model", "split_data"}
    assert {"evaluate", "predict_0", "predict_1", "plot_class_distribution"} <= waits["report"]


def test_validation_photographs_join_unless_asked_not_to():
    args = build_workflow(Options()).jobs["evaluate"].args
    assert args[args.index("--validation") + 1] == "val_clean.tar"
    assert args[args.index("--split") + 1] == "split.json"
    alone = build_workflow(Options(join_validation=False)).jobs["evaluate"].args
    assert "--validation" not in alone


def test_both_tasks_have_the_same_jobs_who_wait_for_the_same():
    for options in (JUDGING, TWO_STAGES):
        other = replace(
            options, task="detect", faces=None, arch=ARCHITECTURES[0], predict=(Path("new"),)
        )
        assert parents(options) == parents(other) | {
            name: waits
            for name, waits in parents(options).items()
            if name.startswith("predict") and not options.predict
        }


def test_a_classifier_learns_from_cut_faces_and_is_judged_on_them():
    jobs = build_workflow(JUDGING).jobs
    for name in ("preprocess_aug_train_0", "preprocess_val", "preprocess_test"):
        at = jobs[name].args.index("--margin")
        assert jobs[name].args[at : at + 4] == ["--margin", 0.2, "--smallest-face", 8]
    for name in ("train_model", "hpo_trial_1_0"):
        assert {"train_aug_0.tar", "val_faces.tar"} <= files(jobs[name], "input")
        assert "val_clean.tar" not in files(jobs[name], "input")
    assert {"test_faces.tar", "val_faces.tar"} <= files(jobs["evaluate"], "input")
    assert "test_faces.tar" in files(jobs["predict_0"], "input"), "those of the sample show many"


def test_two_stages_are_also_judged_on_photographs():
    jobs = build_workflow(TWO_STAGES).jobs
    assert {"val_faces.tar", "val_clean.tar", "finder_weights.onnx"} <= files(
        jobs["train_model"], "input"
    )
    assert "finder_weights.onnx" not in files(jobs["hpo_trial_1_0"], "input")
    assert {"test_clean.tar", "test_faces.tar", "val_clean.tar"} <= files(jobs["evaluate"], "input")
    drawn = files(jobs["evaluate"], "output")
    assert {"confusion_matrix.png", "faces_confusion_matrix.png", "grad_cam.png"} <= drawn
    assert "predict_0.tar" in files(jobs["predict_0"], "input")
    test_side = replace(TWO_STAGES, predict=(), data=Path("faces.zip"))
    assert "test_clean.tar" in files(build_workflow(test_side).jobs["predict_0"], "input")


def test_without_trials_there_is_no_search():
    jobs = build_workflow(Options(trials=0)).jobs
    assert not any("hpo" in name for name in jobs)
    assert "--params" not in jobs["train_model"].args


def test_own_data_without_new_photographs_predicts_the_test_side():
    options = Options(data=Path("faces.zip"))
    assert as_named(options) == NewData()
    assert "test_clean.tar" in files(build_workflow(options).jobs["predict_0"], "input")


def test_only_new_photographs_are_looked_up_among_those_of_the_training():
    for options, expected in ((FULL, True), (Options(data=Path("faces.zip")), False)):
        arguments = build_workflow(options).jobs["predict_0"].args
        assert ("--fingerprints" in arguments) == expected


def test_annotated_new_photographs_change_the_report_alone():
    plain, annotated = Options(), Options(predict_annotations=Path("annotate"))
    assert set(data_files(annotated)) - set(data_files(plain)) == {"annotated.json"}
    before, now = (build_workflow(options).jobs for options in (plain, annotated))
    changed = {name for name in now if now[name].args != before[name].args}
    assert changed == {"report"}
    readers = {name for name, job in now.items() if "annotated.json" in files(job, "input")}
    assert readers == {"report"}


def test_what_suggest_reads_of_a_finished_run_is_staged_out_whatever_the_engine():
    jobs = build_workflow(FULL).jobs.values()
    kept = {use.file.lfn for job in jobs for use in job.uses if use.stage_out}
    assert {"prevalence.json", "evaluation.json", "split.json"} <= kept
    assert {"predictions_0.json", "predictions_1.json"} <= kept
    assert as_named(FULL).photos == ("predict_0.tar", "predict_1.tar"), "on the submit side already"


def test_new_photographs_reach_no_job_that_learns():
    waits = parents(FULL)
    assert all("predict" not in parent for parent in waits["train_model"] | waits["evaluate"])
    with_photos = build_workflow(Options(predict=(Path("a"),))).jobs["train_model"]
    without = build_workflow(Options(predict=(Path("b"), Path("c")))).jobs["train_model"]
    assert with_photos.args == without.args


@pytest.mark.parametrize("options", VARIANTS)
def test_every_file_is_made_once_or_exists_beforehand(options):
    workflow = build_workflow(options)
    made = [lfn for job in workflow.jobs.values() for lfn in files(job, "output")]
    assert len(made) == len(set(made))
    given = {
        CODE,
        "configuration.json",
        *data_files(options),
        *as_named(options).files,
        learnt_file(options),
        finder_file(options),
        *weights_files(options).values(),
    }
    read = set().union(*(files(job, "input") for job in workflow.jobs.values()))
    assert read <= given | set(made)
    assert checkpoints(workflow) == sorted(
        {lfn for job in workflow.jobs.values() for lfn in files(job, "checkpoint")}
    )


@pytest.mark.parametrize("options", VARIANTS)
def test_every_call_is_one_that_its_executable_takes_and_declares(options):
    for job in build_workflow(options).jobs.values():
        path = BIN / f"{job.transformation}.py"
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        args = module.parser().parse_args([str(getattr(arg, "lfn", arg)) for arg in job.args])
        reads = {str(path) for path in declared(args, InputPath)}
        writes = {str(path) for path in declared(args, OutputPath)}
        assert reads == files(job, "input") - {CODE}, job._id
        assert writes == files(job, "output"), job._id


def test_every_job_gets_its_resources_from_the_table():
    kinds = set()
    jobs = build_workflow(FULL).jobs | build_workflow(replace(WATCHING, gpus=1)).jobs
    for name, job in jobs.items():
        kind = max((k for k in RESOURCES if name.startswith(k)), key=len)
        kinds.add(kind)
        profile = job.profiles["pegasus"]
        assert profile["cores"] == RESOURCES[kind].cores
        cache = 2048 * RESOURCES[kind].caches
        least = RESOURCES[kind].memory + cache  # more for a large network, see test_resources
        assert profile["memory"] >= least if cache else profile["memory"] == least
        assert profile["runtime"] == RESOURCES[kind].minutes * 60
        assert ("gpus" in profile) == RESOURCES[kind].learns
    assert kinds == set(RESOURCES)


def test_only_the_final_training_takes_as_many_cores_and_threads_as_it_is_told():
    for name, job in build_workflow(Options(training_cores=6)).jobs.items():
        cores = job.profiles["pegasus"]["cores"]
        assert (cores == 6) == (name == "train_model")
        assert {job.profiles["env"][f"{what}_NUM_THREADS"] for what in ("OMP", "MKL")} == {
            str(cores)
        }


def test_trainings_get_the_cache_and_the_memory_for_it():
    large = build_workflow(Options(cache_mb=4100)).jobs
    for name, job in build_workflow(Options(cache_mb=100)).jobs.items():
        more = large[name].profiles["pegasus"]["memory"] - job.profiles["pegasus"]["memory"]
        kind = max((k for k in RESOURCES if name.startswith(k)), key=len)
        given = "--cache-mb" in job.args
        assert given == RESOURCES[kind].caches == name.startswith(("hpo_trial", "train_model"))
        assert more == 4000 * given
        if given:
            assert job.args[job.args.index("--cache-mb") + 1] in (100, "100")
            assert job.profiles["pegasus"]["memory"] >= RESOURCES[kind].memory + 100


def test_several_gpus_are_shared_by_as_many_processes_of_a_training():
    for gpus, expected in ((1, set()), (2, {"hpo_trial", "train_model"})):
        jobs = build_workflow(Options(gpus=gpus)).jobs.items()
        asked = {name for name, job in jobs if "--processes" in job.args}
        assert {kind for name in asked for kind in RESOURCES if name.startswith(kind)} == expected


def test_workers_train_the_final_model_alone_and_have_a_core_each():
    for options, threads in (
        (Options(workers=4), 4),
        (Options(workers=4, training_cores=16), 16),
        (Options(workers=4, gpus=4), 2),
    ):
        jobs = build_workflow(options).jobs
        final, trial = jobs["train_model"], jobs["hpo_trial_1_0"]
        at = final.args.index("--processes")
        assert str(final.args[at + 1]) == "4"
        assert final.profiles["pegasus"]["cores"] == threads
        assert final.profiles["env"]["OMP_NUM_THREADS"] == str(threads)
        assert ("--processes" in trial.args) == (options.gpus > 0)
        assert trial.profiles["pegasus"]["cores"] == RESOURCES["hpo_trial"].cores


def test_each_worker_has_the_memory_of_a_program_and_a_network():
    one, four = (
        build_workflow(Options(workers=workers)).jobs["train_model"].profiles["pegasus"]["memory"]
        for workers in (1, 4)
    )
    assert four - one >= 3 * 900
    large = {"arch": RESNET50, "recipe": ("batch_size=16", "chip=800")}
    one, four = (
        build_workflow(Options(workers=workers, **large)).jobs["train_model"] for workers in (1, 4)
    )
    more = four.profiles["pegasus"]["memory"] - one.profiles["pegasus"]["memory"]
    assert more == 3 * (900 + NETWORKS[RESNET50].fixed), "the batch is shared"


def test_a_recipe_reaches_the_search_or_without_one_the_training():
    def asked(options: Options) -> set[str]:
        jobs = build_workflow(options).jobs.items()
        return {name for name, job in jobs if "--recipe" in job.args and RECIPE[1] in job.args}

    assert asked(Options(recipe=RECIPE)) == {"hpo_suggest_1", "hpo_suggest_2"}
    assert asked(Options(recipe=RECIPE, trials=0)) == {"train_model"}


def test_what_is_searched_reaches_those_who_suggest_with_where_to_start():
    words = ("image_size=320,640", "optimizer=adamw,sgd")
    jobs = build_workflow(Options(search=words, image_size=320)).jobs
    asked = {name: job.args for name, job in jobs.items() if "--search" in job.args}
    assert asked.keys() == {"hpo_suggest_1", "hpo_suggest_2"}
    for args in asked.values():
        at = args.index("--search")
        assert tuple(args[at + 1 : at + 3]) == words
        assert args[args.index("--image-size") + 1] == 320
    without = build_workflow(Options(trials=0, search=words)).jobs.values()
    assert not any("--search" in job.args for job in without)


@pytest.mark.parametrize(
    ("weights", "told"), [("box", True), ("/a/own.pth", True), ("coco", False), ("none", False)]
)
def test_what_our_own_weights_have_learnt_from_reaches_the_split(weights, told):
    options = Options(weights=weights)
    job = build_workflow(options).jobs["split_data"]
    assert ("--learnt" in job.args) == ("learnt_fingerprints.npz" in files(job, "input")) == told
    assert learnt_file(options) == ("learnt_fingerprints.npz" if told else None)


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ("none", None),
        ("auto", None),  # not settled yet
        ("coco", "coco_weights.pth"),
        ("imagenet", "imagenet_weights.pth"),
        ("/a/train.tar", "own_weights.pth"),  # a name of its own could be another file's
    ],
)
def test_weights_travel_to_those_who_train_under_the_name_of_their_kind(weights, name):
    options = Options(weights=weights)
    assert weights_file(options) == name
    readers = {
        job._id
        for job in build_workflow(options).jobs.values()
        if any(lfn.endswith("_weights.pth") for lfn in files(job, "input"))
    }
    trials = {f"hpo_trial_{r}_{k}" for r in (1, 2) for k in (0, 1)}
    assert readers == ({"train_model", *trials} if name else set())


def test_intermediate_files_are_not_kept_and_results_are():
    kept = {
        use.file.lfn
        for job in build_workflow(FULL).jobs.values()
        for use in job.uses
        if use._type == "output" and use.stage_out
    }
    assert {"report.html", "mask_detection_model.pth", "predictions_1.json"} <= kept
    assert not any(lfn.startswith(("train", "val", "test")) and ".tar" in lfn for lfn in kept)


def test_on_a_pool_trainings_exit_with_85_to_hand_their_checkpoints_over():
    jobs = build_workflow(Options(checkpoint_minutes=7.5)).jobs
    for name in ("train_model", "hpo_trial_1_0"):
        arguments = jobs[name].args
        assert arguments[arguments.index("--checkpoint-minutes") + 1] == 7.5
        commands = jobs[name].profiles["condor"]
        assert commands["+SuccessCheckpointExitCode"] == "85"
        assert commands["+TransferCheckpoint"].strip('"') in {
            use.file.lfn for use in jobs[name].uses if use._type == "checkpoint"
        }
    assert not any("condor" in jobs[name].profiles for name in ("split_data", "evaluate"))


def test_on_this_machine_they_need_not():
    assert "--checkpoint-minutes" not in build_workflow(Options()).jobs["train_model"].args


def test_what_a_job_that_watches_asks_for_follows_from_how_long_its_videos_last():
    hours, mib = 5, 700
    new = NewData(videos=(VideoShard(("video_00000_a.mp4",), 3600.0 * hours, mib),))
    job = build_workflow(WATCHING, new=new).jobs["predict_videos_0"].profiles["pegasus"]
    short = build_workflow(WATCHING).jobs["predict_videos_0"].profiles["pegasus"]
    assert job["diskspace"] - short["diskspace"] == mib
    assert job["runtime"] - short["runtime"] == hours * 3600 * 10 * 0.5
    slower = replace(WATCHING, pace=2.0)
    job = build_workflow(slower, new=new).jobs["predict_videos_0"].profiles["pegasus"]
    assert job["runtime"] - short["runtime"] == hours * 3600 * 2 * 0.5


def test_a_job_that_watches_goes_on_from_its_checkpoint_and_hands_it_over_on_a_pool():
    pooled = build_workflow(replace(WATCHING, checkpoint_minutes=5.0)).jobs["predict_videos_0"]
    assert files(pooled, "checkpoint") == {"predict_videos_0.ckpt"}
    assert "--checkpoint-minutes" in pooled.args
    condor = pooled.profiles["condor"]
    assert condor["+TransferCheckpoint"] == '"predict_videos_0.ckpt"'


def test_annotated_videos_are_kept_and_what_is_encoded_goes_with_the_checkpoint():
    options = replace(WATCHING, annotated_videos=True, checkpoint_minutes=5.0)
    jobs = build_workflow(options).jobs
    names = [name for name in jobs if name.startswith("predict_videos")]
    for name in names:
        files_of = {lfn for lfn in files(jobs[name], "input") if lfn.startswith("video_")}
        made = {lfn for lfn in files(jobs[name], "output") if lfn.startswith("annotated_")}
        assert made == {annotated_name(lfn) for lfn in files_of}
        saved = {f"{name}.ckpt", f"{name}.packets"}
        assert files(jobs[name], "checkpoint") == saved
        listed = jobs[name].profiles["condor"]["+TransferCheckpoint"].strip('"')
        assert set(listed.split(",")) == saved
    assert names and not any(
        lfn.endswith(".webm")
        for job in build_workflow(WATCHING).jobs.values()
        for lfn in files(job, "output")
    )


def test_periods_reach_the_report_and_the_clock_also_those_who_watch():
    periods = ("9:00-10:00", "10:00-11:00")
    options = replace(WATCHING, clock="2026-03-01T09:00:00", compare=periods)
    jobs = build_workflow(options).jobs
    report, watching = jobs["report"].args, jobs["predict_videos_0"].args
    at = report.index("--compare")
    assert tuple(report[at + 1 : at + 3]) == periods and "--compare" not in watching
    for arguments in (report, watching):
        assert arguments[arguments.index("--clock") + 1] == "2026-03-01T09:00:00"
    photographs = replace(options, predict=(Path("photographs"),))
    assert "--compare" not in build_workflow(photographs).jobs["report"].args


def test_videos_alone_make_no_table_of_photographs_and_photographs_alone_none_of_people():
    def kept(options):
        report = build_workflow(options).jobs["report"]
        return files(report, "output")

    alone = kept(Options(predict=(Path("clip.mp4"),)))
    assert {"people.csv", "timeline.csv", "timeline.png", "report.html"} <= alone
    assert not {"predictions.txt", "predictions.csv", "predicted_image.png"} & alone
    assert "people.csv" not in kept(Options())
    assert {"people.csv", "predictions.csv"} <= kept(WATCHING)
    jobs = build_workflow(Options(data=Path("faces.zip"), predict=(Path("clip.mp4"),))).jobs
    assert "predict_0" not in jobs, "the test side is for runs without anything new"
