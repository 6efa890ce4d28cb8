import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dag.toy import time_from_its_first_word
from tests.faults.stage import processes
from tests.waiting import PATIENCE, until
from utils.dag.engines.console import Console
from utils.dag.engines.local.engine import LocalEngine
from utils.dag.run_record import RunRecord
from utils.errors import InputError

PROJECT = Path(__file__).resolve().parents[4]

COPY = """
    import pathlib, sys
    text = "".join(pathlib.Path(name).read_text() for name in sys.argv[2:])
    pathlib.Path(sys.argv[1]).write_text(text + sys.argv[1] + ";")
"""

COUNTING = """
    import os, pathlib, signal, sys, time
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))  # a step is done as a whole
    checkpoint = pathlib.Path("steps.ckpt")
    step = int(checkpoint.read_text() or 0) if checkpoint.exists() else 0
    while step < 6:
        step += 1
        print("step", step, flush=True)
        pathlib.Path("new").write_text(str(step))
        os.replace("new", checkpoint)
        {after_step}
    pathlib.Path("total.txt").write_text(str(step))
"""


def chain(toy):
    """Two jobs, one after the other: first.txt, then last.txt."""
    toy.file("given.txt", "given;")
    first = toy.job("first", COPY, "first.txt", "given.txt")
    first.add_inputs("given.txt").add_outputs("first.txt", stage_out=False)
    last = toy.job("last", COPY, "last.txt", "first.txt")
    last.add_inputs("first.txt").add_outputs("last.txt")
    return first, last


def counting(toy, after_step: str):
    toy.file("steps.ckpt")
    job = toy.job("count", COUNTING.format(after_step=after_step))
    return job.add_checkpoint("steps.ckpt", stage_out=False).add_outputs("total.txt")


def mark(toy) -> Path:
    return toy.folder.parent / "held"


def held_at(toy, step: int) -> str:
    """Return what lets `counting` stay at a step, once it is saved and the first time, till it is
    asked to stop; there is a mark by then."""
    path = f"pathlib.Path({str(mark(toy))!r})"
    return f"""if step == {step} and not {path}.exists():
            {path}.touch()
            while not asked:
                time.sleep(0.01)"""


def saved_when_asked(toy) -> str:
    """Return what lets `counting` stay at its second step, and end once it is asked to stop."""
    return f"{held_at(toy, 2)}\n        asked and sys.exit(85)"


def steps(folder: Path) -> list[int]:
    lines = (folder / "logs" / "count.log").read_text().splitlines()
    return [int(line.split()[1]) for line in lines if line.startswith("step")]


def state(folder: Path, job: str) -> str:
    return json.loads((folder / "run.json").read_text())["jobs"][job]["state"]


def start_engine(folder: Path, **environment: str) -> subprocess.Popen:
    code = (
        "import sys; from pathlib import Path;"
        "from utils.dag.engines.local.engine import LocalEngine;"
        "sys.exit(0 if LocalEngine(Path(sys.argv[1])).run() else 1)"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        cwd=PROJECT,
        env=os.environ | environment,
        stderr=subprocess.DEVNULL,
    )


def test_files_travel_along_the_edges_and_kept_ones_to_the_output_folder(toy):
    chain(toy)
    folder = toy.write()
    assert LocalEngine(folder).run()
    assert (folder / "output" / "last.txt").read_text() == "given;first.txt;last.txt;"
    assert not (folder / "output" / "first.txt").exists()
    assert not (folder / "scratch").exists()


def test_a_job_sees_its_declared_inputs_and_nothing_else(toy):
    toy.file("declared.txt")
    toy.file("undeclared.txt")
    job = toy.job("look", "import os; open('seen.txt', 'w').write(' '.join(sorted(os.listdir())))")
    job.add_inputs("declared.txt").add_outputs("seen.txt")
    assert LocalEngine(toy.write()).run()
    assert (toy.folder / "output" / "seen.txt").read_text() == "declared.txt seen.txt"


def test_a_job_cannot_change_what_others_read(toy):
    toy.file("given.txt", "given;")
    spoil = toy.job("spoil", "open('given.txt', 'w').write('spoilt;'); open('done', 'w')")
    spoil.add_inputs("given.txt").add_outputs("done")
    after = toy.job("after", COPY, "after.txt", "given.txt")
    after.add_inputs("given.txt", "done").add_outputs("after.txt")
    assert LocalEngine(toy.write()).run()
    assert (toy.folder / "output" / "after.txt").read_text() == "given;after.txt;"


def test_the_environment_is_the_jobs_own(toy, monkeypatch):
    monkeypatch.setenv("SECRET", "of the submit host")
    script = "import json, os; json.dump(dict(os.environ), open('env.json', 'w'))"
    job = toy.job("env", script).add_outputs("env.json").add_env(FLAVOUR="mint")
    job.add_pegasus_profile(cores=1)
    assert LocalEngine(toy.write(), cores=4).run()
    seen = json.loads((toy.folder / "output" / "env.json").read_text())
    assert "SECRET" not in seen
    assert seen["FLAVOUR"] == "mint"
    assert seen["OMP_NUM_THREADS"] == "1"
    assert seen["CUDA_VISIBLE_DEVICES"] == ""
    assert seen["HOME"].startswith(str(toy.folder / "scratch"))


def test_standard_streams_are_files_when_declared(toy):
    toy.file("in.txt", "hello")
    job = toy.job("cat", "import sys; print(sys.stdin.read()); print('oops', file=sys.stderr)")
    job.set_stdin("in.txt")
    job.set_stdout("out.txt")
    assert LocalEngine(toy.write()).run()
    assert (toy.folder / "output" / "out.txt").read_text() == "hello\n"
    assert "oops" in (toy.folder / "logs" / "cat.log").read_text()


def test_a_missing_output_fails_the_job_and_is_named(toy):
    toy.job("lazy", "pass").add_outputs("promised.txt").add_dagman_profile(retry=0)
    folder = toy.write()
    assert not LocalEngine(folder).run()
    assert "promised.txt" in RunRecord(folder).failed()["lazy"]


def test_retries_are_as_declared(toy):
    toy.job("bad", "print('tried'); raise SystemExit(3)").add_dagman_profile(retry=2)
    assert not LocalEngine(toy.write()).run()
    assert (toy.folder / "logs" / "bad.log").read_text().count("tried\n") == 3
    assert RunRecord(toy.folder).failed()["bad"] == "ended with exit code 3"


REFUSES = """
    import sys
    sys.stderr.write("2026-11-27 08:00:00,123 ERROR an error that was overcome\\n")
    sys.stderr.write("2026-11-27 08:00:01,123 ERROR faces.xml: field 'xmin' is 'a'; mend it\\n")
    sys.exit(2)
"""


def test_bad_input_is_not_tried_again_and_the_jobs_own_error_is_what_is_told(toy):
    toy.job("bad", REFUSES).add_dagman_profile(retry=2)
    told = io.StringIO()
    assert not LocalEngine(toy.write(), console=Console(told)).run()
    reason = "ended with exit code 2: faces.xml: field 'xmin' is 'a'; mend it"
    assert RunRecord(toy.folder).failed() == {"bad": reason}
    assert RunRecord(toy.folder).jobs["bad"]["tries"] == 1
    (line,) = told.getvalue().splitlines()
    assert line.endswith(f"FAILED: {reason}")


def test_a_defect_is_tried_again_and_its_exception_is_told(toy):
    toy.job("bad", "raise ValueError('no luck')").add_dagman_profile(retry=1)
    assert not LocalEngine(toy.write()).run()
    assert RunRecord(toy.folder).jobs["bad"]["tries"] == 2
    assert RunRecord(toy.folder).failed()["bad"] == "ended with exit code 1: ValueError: no luck"


@pytest.mark.parametrize("first", ["#!/usr/bin/env python3\r", "#!/usr/bin/python3.9", "#!/bin/sh"])
def test_a_script_that_may_not_be_executed_runs(toy, first):
    """The checkout may have lost its run bits, or lie on a disk mounted ``noexec``."""
    script = "open('made', 'w').write(sys.executable)"
    toy.job("job", f"import sys; {script}").add_outputs("made")
    folder = toy.write()
    path = folder / "job.py"
    text = "printf '%s' sh > made" if first == "#!/bin/sh" else f"import sys; {script}"
    path.write_bytes(f"{first}\n{text}\n".encode())
    path.chmod(0o644)
    assert LocalEngine(folder).run()
    made = (folder / "output" / "made").read_text()
    assert made == ("sh" if first == "#!/bin/sh" else sys.executable)


def test_a_program_that_is_no_script_runs_as_it_is(toy, tmp_path):
    toy.job("job", "", "made").add_outputs("made")
    folder = toy.write()
    shutil.copy(shutil.which("touch"), folder / "job.py")
    assert LocalEngine(folder).run()
    assert (folder / "output" / "made").exists()


def test_what_does_not_depend_on_a_failed_job_is_finished(toy):
    chain(toy)
    toy.job("bad", "raise SystemExit(1)").add_outputs("bad.txt").add_dagman_profile(retry=0)
    toy.job("below", COPY, "below.txt", "bad.txt").add_inputs("bad.txt").add_outputs("below.txt")
    assert not LocalEngine(toy.write()).run()
    assert [state(toy.folder, name) for name in ("last", "bad", "below")] == [
        "done",
        "failed",
        "waiting",
    ]


def test_after_the_cause_is_mended_only_the_rest_is_run(toy):
    chain(toy)
    toy.file("switch", "off")
    script = """
        import sys, pathlib
        sys.exit(1) if pathlib.Path("switch").read_text() == "off" else open("ok", "w")
    """
    bad = toy.job("bad", script).add_inputs("switch", "last.txt").add_outputs("ok")
    bad.add_dagman_profile(retry=0)
    folder = toy.write()
    assert not LocalEngine(folder).run()
    (folder / "switch").write_text("on")
    assert LocalEngine(folder).run()
    assert [state(folder, name) for name in ("first", "last", "bad")] == [
        "cached",
        "cached",
        "done",
    ]


def test_another_run_takes_what_is_unchanged_from_the_cache(toy, tmp_path):
    chain(toy)
    toy.write()
    assert LocalEngine(toy.folder).run()
    other = type(toy)(tmp_path / "runs" / "other")
    _, last = chain(other)
    last.add_args("first.txt")
    other.write()
    assert LocalEngine(other.folder).run()
    assert state(other.folder, "first") == "cached"
    assert state(other.folder, "last") == "done"
    last_text = (other.folder / "output" / "last.txt").read_text()
    assert last_text == "given;first.txt;" * 2 + "last.txt;"


def test_a_damaged_result_is_made_again(toy):
    chain(toy)
    folder = toy.write()
    assert LocalEngine(folder).run()
    for item in (folder.parent / ".cache" / "objects").iterdir():
        item.write_text("")
    assert LocalEngine(folder).run()
    assert state(folder, "first") == "done"
    assert (folder / "output" / "last.txt").read_text() == "given;first.txt;last.txt;"


def test_cores_and_memory_bound_what_runs_at_once(toy, tmp_path):
    """The first two wait for each other, so that no slow start of one keeps them apart."""
    script = """
        import json, pathlib, sys, time
        begin, (out, mine, other) = time.monotonic(), sys.argv[1:]
        pathlib.Path(mine).touch()
        while not pathlib.Path(other).exists() and time.monotonic() < begin + 120:
            time.sleep(0.01)
        time.sleep(0.2)
        pathlib.Path(out).write_text(json.dumps([begin, time.monotonic()]))
    """
    marks = [str(tmp_path / f"begun{number}") for number in range(5)]
    for number, (cores, memory) in enumerate([(1, 10), (1, 10), (2, 10), (1, 900), (1, 900)]):
        name = f"job{number}"
        other = marks[1 - number] if number < 2 else marks[number]
        job = toy.job(name, script, f"{name}.json", marks[number], other)
        job.add_outputs(f"{name}.json")
        job.add_pegasus_profile(cores=cores, memory=f"{memory} MB")
    assert LocalEngine(toy.write(), cores=2, memory=1000).run()
    spans = [json.loads((toy.folder / "output" / f"job{n}.json").read_text()) for n in range(5)]

    def together(one: int, other: int) -> bool:
        return spans[one][0] < spans[other][1] and spans[other][0] < spans[one][1]

    assert together(0, 1)
    assert not any(together(2, other) for other in (0, 1, 3, 4))
    assert not together(3, 4)


def test_a_job_that_asks_for_more_than_there_is_gets_all_of_it(toy):
    script = "import os; open('n', 'w').write(os.environ['OMP_NUM_THREADS'])"
    job = toy.job("big", script).add_outputs("n").add_pegasus_profile(cores=64, memory="900 GB")
    assert job and LocalEngine(toy.write(), cores=2, memory=500).run()
    assert (toy.folder / "output" / "n").read_text() == "2"


def test_a_checkpoint_is_carried_to_the_next_try(toy):
    counting(toy, "if step == 3: sys.exit(1)")
    assert LocalEngine(toy.write()).run()
    assert steps(toy.folder) == [1, 2, 3, 4, 5, 6]


def test_a_checkpoint_survives_sigkill_of_the_job(toy):
    counting(toy, "if step == 4: os.kill(os.getpid(), 9)")
    assert LocalEngine(toy.write()).run()
    assert steps(toy.folder) == [1, 2, 3, 4, 5, 6]
    assert "SIGKILL" in (toy.folder / "logs" / "count.log").read_text()


def test_exit_85_with_a_new_checkpoint_uses_up_no_try(toy):
    counting(toy, "sys.exit(85)").add_dagman_profile(retry=0)
    assert LocalEngine(toy.write()).run()
    assert steps(toy.folder) == [1, 2, 3, 4, 5, 6]


def test_exit_85_without_progress_is_a_failure(toy):
    toy.job("stuck", "raise SystemExit(85)").add_checkpoint("none.ckpt").add_dagman_profile(retry=1)
    assert not LocalEngine(toy.write()).run()
    assert (toy.folder / "logs" / "stuck.log").read_text().count("tries left") == 2


def test_out_of_time_a_job_gets_sigterm_and_goes_on_from_its_checkpoint(toy):
    job = counting(toy, saved_when_asked(toy)).add_pegasus_profile(runtime=1)
    job.add_dagman_profile(retry=0)
    with time_from_its_first_word():
        assert LocalEngine(toy.write()).run()
    assert steps(toy.folder) == [1, 2, 3, 4, 5, 6]
    assert (toy.folder / "logs" / "count.log").read_text().count("---\nstep") >= 2


def test_a_job_that_ignores_sigterm_is_killed(toy, monkeypatch):
    monkeypatch.setattr("utils.dag.engines.local.attempt.KILL_AFTER", 0.3)
    script = "import signal, time; signal.signal(15, signal.SIG_IGN)\n"
    script += "print('deaf', flush=True); time.sleep(600)"
    job = toy.job("deaf", script).add_dagman_profile(retry=0)
    job.add_pegasus_profile(runtime=1)
    with time_from_its_first_word():
        assert not LocalEngine(toy.write()).run()
    assert "SIGKILL" in RunRecord(toy.folder).failed()["deaf"]


def test_an_interrupt_stops_the_jobs_which_save_and_a_second_run_completes(toy):
    counting(toy, saved_when_asked(toy))
    folder = toy.write()
    engine = start_engine(folder)
    until(mark(toy).exists, engine)
    engine.send_signal(signal.SIGINT)
    engine.wait(PATIENCE)
    assert engine.returncode != 0
    assert state(folder, "count") == "stopped"
    assert LocalEngine(folder).run()
    assert steps(folder) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("at_step", [1, 3, 5])
def test_kill_9_of_engine_and_job_loses_nothing_that_was_saved(toy, at_step):
    chain(toy)
    counting(toy, held_at(toy, at_step)).add_inputs("last.txt")
    folder = toy.write()
    engine = start_engine(folder)
    until(mark(toy).exists, engine)
    engine.kill()
    engine.wait(PATIENCE)
    until(lambda: not processes(folder))  # the job does not outlive its engine
    assert LocalEngine(folder).run()
    assert steps(folder) == [1, 2, 3, 4, 5, 6]
    assert [state(folder, name) for name in ("first", "last", "count")] == [
        "cached",
        "cached",
        "done",
    ]


def test_jobs_in_a_circle_are_refused(toy):
    toy.job("egg", "pass").add_inputs("hen").add_outputs("egg")
    toy.job("hen", "pass").add_inputs("egg").add_outputs("hen")
    with pytest.raises(InputError, match=r"wait for each other: .*egg"):
        LocalEngine(toy.write()).run()


def test_the_record_tells_time_and_memory_of_each_job(toy):
    script = "import time; data = bytearray(60_000_000); time.sleep(0.2); open('x', 'w')"
    toy.job("use", script).add_outputs("x")
    assert start_engine(toy.write()).wait() == 0  # a child counts its parent's memory as its own
    used = json.loads((toy.folder / "run.json").read_text())["jobs"]["use"]
    assert used["seconds"] >= 0.2
    assert 50 < used["peak_mib"] < 500
    assert used["tries"] == 1
