from dataclasses import replace

from tests.dag.described import FULL, WATCHING
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.resources import NETWORKS, RESOURCES
from utils.detector.names import RESNET50


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
