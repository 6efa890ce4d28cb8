"""A run's model becomes the champion if it is good enough, once, whatever comes between."""

import json
import sqlite3
import threading
from pathlib import Path

import pytest

import workflow
from tests.registry.made import photos, prints_of
from utils.errors import InputError
from utils.registry.promoting import Wishes, promote
from utils.registry.store import Registry
from utils.tracking.registered import registered_file

NAME = "mask-detector"


def aliases(address: str, name: str = NAME) -> dict[str, str]:
    return Registry(address)._aliases(name)


def versions(address: str, name: str = NAME):
    return Registry(address)._versions(name)


def promoted(folder: Path, address: str, name: str = NAME, **wishes) -> tuple[bool, list[str]]:
    told: list[str] = []
    return promote(folder, told.append, name, address, Wishes(**wishes)), told


def test_the_first_is_the_champion_a_better_one_takes_its_place_and_a_worse_one_does_not(
    run_of, address, capsys
):
    first, better, worse = (
        run_of(name, skill=skill, seed=k)
        for k, (name, skill) in enumerate([("first", 0.6), ("better", 0.9), ("worse", 0.5)])
    )
    assert promoted(first, address)[0]
    assert aliases(address) == {"champion": "1"}
    done, told = promoted(better, address)
    assert done
    assert "passed: it is better beyond chance: mAP" in told[0]
    assert told[-2] == "mask-detector, version 2: champion instead of version 1"
    words = ["promote", str(worse), "--track", address]
    assert workflow.main(words) == 1
    told = capsys.readouterr().out
    assert "FAILED: it is worse beyond chance: mAP" in told
    assert "mask-detector, version 3: challenger; version 2 stays champion" in told
    assert aliases(address) == {"champion": "2", "challenger": "3"}
    tags = versions(address)[2].tags
    assert (tags["gate.as_good"], tags["gate.calibrated"]) == ("failed", "passed")
    assert tags["gate.as_good.against"] == "mask-detector 2"
    assert float(tags["gate.as_good.high"]) < 0
    assert "gate.forced" not in tags

    assert workflow.main([*words, "--force"]) == 0
    assert "version 3: champion, forced instead of version 2" in capsys.readouterr().out
    assert aliases(address) == {"champion": "3"}
    assert versions(address)[2].tags["gate.forced"].startswith("it is worse beyond chance")
    for before in ("2", "1"):
        assert workflow.main(["rollback", "--track", address]) == 0
        assert f"version {before} is the champion again" in capsys.readouterr().out
        assert aliases(address) == {"champion": before}
    assert workflow.main(["rollback", "--track", address]) == 2
    assert "version 1 is the first champion" in capsys.readouterr().err


def test_one_that_is_as_good_within_the_margin_passes_and_with_none_it_does_not(run_of, address):
    promoted(run_of("first", skill=0.85, seed=1), address)
    other = run_of("other", skill=0.85, seed=2)
    done, told = promoted(other, address, margin=0.0)
    assert not done
    assert "it may be worse by 0 or more" in told[0]
    done, told = promoted(other, address, margin=0.5)
    assert done
    assert "passed: it is not worse by 0.5 or more" in told[0]
    assert len(versions(address)) == 2
    assert versions(address)[1].tags["gate.as_good.margin"] == "0.5"


def test_what_is_not_calibrated_or_too_slow_stays_challenger(run_of, address):
    off = {"after": {"ece": 0.2, "ece_by_chance": 0.02}}
    folder = run_of("off", ece=off)
    done, told = promoted(folder, address, ms=1e-3)
    assert not done
    assert told[0].startswith("FAILED: it is not calibrated: confidences are off by 0.200")
    assert told[1].startswith("FAILED: it is too slow: ")
    assert told[2] == "mask-detector, version 1: challenger; there is no champion"
    assert aliases(address) == {"challenger": "1"}
    done, told = promoted(run_of("on"), address, ms=1e6)
    assert done
    assert told[1].startswith("passed: it is fast enough: ")


def test_to_promote_twice_adds_nothing(run_of, address):
    first, second = run_of("first", skill=0.9), run_of("second", skill=0.5, seed=3)
    promoted(first, address)
    promoted(second, address)
    before = dump(address)
    done, told = promoted(first, address)
    assert done
    assert told == ["mask-detector, version 1: is the champion already"]
    promoted(second, address)
    assert dump(address) == before


def dump(address: str) -> list[str]:
    """Return all rows of a store, without when they were changed."""
    with sqlite3.connect(address.removeprefix("sqlite:///")) as store:
        return sorted(row for row in store.iterdump() if "last_updated" not in row)


def test_two_at_once_register_a_model_once(run_of, address):
    folder, troubles = run_of("first", skill=0.9), []

    def one() -> None:
        try:
            promoted(folder, address)
        except InputError as error:
            troubles.append(error)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert len(versions(address)) == 1
    assert aliases(address) == {"champion": "1"}


def test_a_champion_that_was_tested_on_others_is_evaluated_anew_on_what_it_has_not_learnt(
    run_of, address
):
    promoted(run_of("first", skill=0.9, data="aa" * 32), address)
    known = run_of("knows", fingerprints=prints_of(photos(2)), data="aa" * 32, seed=7)
    promoted(known, address, force=True)
    assert aliases(address) == {"champion": "2"}
    done, told = promoted(run_of("new", data="bb" * 32), address)
    assert told[0].startswith("mask-detector 2 was tested on other photographs: it is evaluated")
    assert "mask-detector 2 was evaluated anew, without 2 test photographs that it has" in told[1]
    assert "on the 4 test photographs that both share" in told[1]
    assert "it does the same" in told[1]  # it has the same weights
    assert done


def test_a_champion_that_has_learnt_all_of_it_cannot_be_beaten_fairly(run_of, address):
    known = prints_of(photos(6))
    promoted(run_of("first", fingerprints=known, data="aa" * 32), address, force=True)
    done, told = promoted(run_of("new", data="bb" * 32), address)
    assert not done
    assert "the champion has learnt from every test photograph of this run, or nearly" in told[1]
    assert aliases(address)["champion"] == "1"


def test_what_is_no_tested_run_is_refused_and_nothing_is_registered(
    run_of, tested, address, tmp_path, capsys
):
    missing, empty, foreign, broken = (run_of(n) for n in ("missing", "empty", "foreign", "broken"))
    (missing / "output" / "evaluation.json").unlink()
    (empty / "output" / "face_mask_detector.pth").write_bytes(b"")
    other = json.loads((foreign / "output" / "evaluation.json").read_text())
    other["model"]["digest"] = "0" * 64
    (foreign / "output" / "evaluation.json").write_text(json.dumps(other))
    (broken / "output" / "split.json").write_text("{")
    cases = [
        (missing, "evaluation.json: is not there, so there is no tested model"),
        (empty, "face_mask_detector.pth: is not there"),
        (foreign, "is not the model that evaluation.json beside it is of"),
        (broken, "split.json"),
        (tmp_path / "none", "no such folder"),
        (tmp_path, "no run folder"),
    ]
    for folder, words in cases:
        assert workflow.main(["promote", str(folder), "--track", address]) == 2, folder
        assert words in capsys.readouterr().err
    for name in ("a b", "../x", "a@b@c", "", "né", "_a", ".a", "n" * 65, "x' OR '1"):
        assert workflow.main(["promote", str(missing), "--name", name, "--track", address]) == 2
        assert workflow.main(["rollback", "--name", name, "--track", address]) == 2
        assert capsys.readouterr().err.count("--name: takes a name of letters") == 2, name
    assert workflow.main(["rollback", "--track", address]) == 2
    assert "mask-detector: has no champion in" in capsys.readouterr().err
    assert aliases(address) == {}


def test_where_the_store_is_down_or_no_store_it_is_told(run_of, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (tmp_path / "notes.db").write_text("no database, but long enough to look at " * 50)
    folder = run_of("first")
    for place in (
        "http://127.0.0.1:9",
        f"sqlite:///{tmp_path / 'notes.db'}",
        "sqlite:////dev/null/mlflow.db",
    ):
        assert workflow.main(["promote", str(folder), "--track", place]) == 2
        assert f"{place}: cannot be " in capsys.readouterr().err


def test_a_file_that_is_another_now_is_not_used(run_of, address):
    promoted(run_of("first", skill=0.9), address)
    place = registered_file("models:/mask-detector@champion", address)
    place.write_bytes(place.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="is not the file that was registered"):
        registered_file("models:/mask-detector/1", address)
