"""The page of runs: what there is, one or two of them closely."""

from app import runs
from tests.comparison.made import NAMES, evaluation_on
from tests.tracking.made import answer, evaluation, make_run


def made(folder):
    outputs = {"evaluation.json": evaluation(0.8), "prevalence.json": answer(0.6)}
    make_run(folder / "one", outputs=outputs)
    make_run(folder / "two", jobs={"split_data": "failed"})
    (folder / "half" / "logs").mkdir(parents=True)
    (folder / "half" / "output").mkdir()
    (folder / "one" / "output" / "report.html").write_text("<h1>Report</h1>")
    return folder


def test_every_run_is_listed_with_its_state(visit, tmp_path):
    page = visit("runs", runs=made(tmp_path / "r"))
    assert not page.exception
    table = page.dataframe[0].value
    assert dict(zip(table["run"], table["state"], strict=True)) == {
        "one": "done",
        "two": "failed 0/1",
        "half": "half-made",
    }
    (others,) = (one.value.replace("\\", "") for one in page.warning)
    assert runs.NO_RUNS in others and "half: planning it was cut off" in others
    page.multiselect[0].set_value(["one", "two"]).run()
    assert [one.value for one in page.subheader] == ["one", "two"]


def test_a_run_tells_its_answer_and_one_that_failed_why_and_how_to_go_on(visit, tmp_path):
    reason = "exit code 1: the loss is *not* finite"
    job = {"state": "failed", "tries": 3, "reason": reason}
    make_run(tmp_path / "r" / "one", outputs={"prevalence.json": answer(0.6, "Few photographs.")})
    failed = make_run(tmp_path / "r" / "my two", record={"jobs": {"train_model": job}})
    page = visit("runs", runs=tmp_path / "r")
    page.multiselect[0].set_value(["one"]).run()
    assert not page.exception and page.metric[0].value == "60 %"
    assert "50 to 70 %" in page.metric[0].delta
    assert [one.value for one in page.warning] == [r"Few photographs\."]
    assert [one.label for one in page.get("download_button")] == ["prevalence.json"]
    page.multiselect[0].set_value(["my two"]).run()
    assert not page.exception and not page.metric
    assert f"train_model: {reason}" in page.warning[0].value.replace("\\", "")
    assert page.code[0].value == f"python workflow.py --resume '{failed}'"


def test_a_run_of_which_a_record_is_of_another_schema_is_told_and_the_others_shown(visit, tmp_path):
    make_run(tmp_path / "r" / "one")
    newer = make_run(tmp_path / "r" / "newer")
    text = (newer / "run.json").read_text()
    (newer / "run.json").write_text(text.replace('"schema": 1', '"schema": 99'))
    page = visit("runs", runs=tmp_path / "r")
    assert not page.exception and "99" in page.warning[0].value
    assert page.multiselect[0].options == ["one"]


def test_without_runs_there_is_nothing_to_look_at(visit):
    assert "There are no runs in" in visit("runs").info[0].value


def test_who_may_not_start_runs_is_offered_none(visit, tmp_path):
    page = visit("runs", runs=made(tmp_path / "r"), start_runs=False)
    assert not page.button


def test_one_run_at_a_time_is_started_with_a_list_of_arguments(visit, tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(runs.subprocess, "Popen", lambda words, **_: calls.append(words))
    monkeypatch.setattr(runs.time, "sleep", lambda _: None)
    page = visit("runs", runs=tmp_path / "r")
    page.button[0].click().run()
    (words,) = calls
    assert words[1].endswith("workflow.py") and words[-2] == "--run-dir"
    monkeypatch.setattr(runs, "_running", lambda _: [runs.find_runs([made(tmp_path / "s")])[0]])
    page.button[0].click().run()
    assert len(calls) == 1 and "still running" in page.warning[0].value


def test_to_stop_a_run_that_has_just_ended_is_no_error(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "holder", lambda _: 2**30)  # more than any process is called
    runs._stop(tmp_path)


def of_a_test(folder, name, skill):
    sides = {one: {"side": "test", "group": k} for k, one in enumerate(NAMES)}
    outputs = {
        "evaluation.json": evaluation_on(NAMES, skill, 1),
        "split.json": {"photos": sides, "seed": 0, "sides": {}},
    }
    return make_run(folder / name, outputs=outputs)


def test_two_runs_are_compared_on_the_photographs_that_they_share(visit, tmp_path):
    of_a_test(tmp_path / "r", "good", 0.9)
    of_a_test(tmp_path / "r", "poor", 0.4)
    page = visit("runs", runs=tmp_path / "r")
    page.multiselect[0].set_value(["good", "poor"]).run()
    assert not page.exception
    told = next(one.value for one in page.markdown if "test photographs" in one.value)
    assert "poor is worse than good" in told and "50 test photographs" in told
    assert "95 % interval" in page.dataframe[1].value


def test_runs_that_measured_nothing_say_why_they_are_not_compared(visit, tmp_path):
    page = visit("runs", runs=made(tmp_path / "r"))
    page.multiselect[0].set_value(["one", "two"]).run()
    assert not page.exception
    assert any("compare" in one.value for one in page.warning)
