import json
import logging
import sys
from pathlib import Path

import pytest
import torch

from utils.errors import InputError
from utils.training.checkpoint import Checkpoint, KilledTooOften, digest_files
from utils.training.launch import launch
from utils.training.tensors import save_tensors

JOB = {"arch": "a", "seed": 1}


def started(path, job=JOB, tries=None):
    checkpoint = Checkpoint(path, job)
    checkpoint.start(tries)
    return checkpoint


def test_saved_state_comes_back(tmp_path):
    path = tmp_path / "c.ckpt"
    state = {"weights": {"w": torch.arange(5.0)}, "epochs": [{"loss": 0.1, "map": None}]}
    assert started(path).state is None
    Checkpoint(path, JOB).save(state)
    back = started(path).state
    assert torch.equal(back["weights"]["w"], state["weights"]["w"])
    assert back["epochs"] == state["epochs"]
    assert [p.name for p in tmp_path.iterdir()] == ["c.ckpt"]


def test_empty_file_means_start_afresh(tmp_path, caplog):
    path = tmp_path / "c.ckpt"
    path.touch()
    assert started(path).state is None
    assert not caplog.records


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"no tensor"])
def test_damaged_file_is_named_and_left_unused(tmp_path, caplog, damage):
    path = tmp_path / "c.ckpt"
    Checkpoint(path, JOB).save({"x": torch.zeros(1000)})
    path.write_bytes(damage(path.read_bytes()))
    with caplog.at_level(logging.WARNING):
        assert started(path).state is None
    assert "c.ckpt" in caplog.text
    assert "afresh" in caplog.text


def test_checkpoint_of_another_job_is_left_unused_saying_what_differs(tmp_path, caplog):
    path = tmp_path / "c.ckpt"
    Checkpoint(path, JOB).save({"x": 1})
    assert started(path, JOB | {"seed": 2}).state is None
    assert "other seed" in caplog.text


def test_starts_without_progress_are_counted_and_the_last_try_gives_up(tmp_path):
    path = tmp_path / "c.ckpt"
    path.touch()
    assert started(path, tries=3).starts == 1
    assert started(path, tries=3).starts == 2
    with pytest.raises(KilledTooOften, match="killed 2 times"):
        started(path, tries=3)


def test_progress_resets_the_count_and_starts_keep_the_state(tmp_path):
    path = tmp_path / "c.ckpt"
    started(path)
    started(path).save({"x": 1})
    again = started(path, tries=3)
    assert (again.starts, again.state) == (1, {"x": 1})
    assert started(path, tries=3).state == {"x": 1}


def test_first_start_always_gets_its_chance(tmp_path):
    assert started(tmp_path / "c.ckpt", tries=1).starts == 1


@pytest.mark.parametrize(
    "content",
    [
        {"schema": 4, "job": JOB, "starts": 1, "state": {}},
        {"schema": 3, "state_dict": {}},
        [1, 2],
    ],
)
def test_a_file_of_a_newer_version_or_another_kind_is_named_and_left_unused(
    tmp_path, caplog, content
):
    path = tmp_path / "c.ckpt"
    save_tensors(path, content)
    assert started(path).state is None
    assert "c.ckpt is of another version" in caplog.text
    assert "expected 3" in caplog.text


def test_a_folder_in_its_place_is_refused(tmp_path):
    (tmp_path / "c.ckpt").mkdir()
    with pytest.raises(InputError, match=r"c\.ckpt: is a folder"):
        started(tmp_path / "c.ckpt")


def test_digest_depends_on_contents_and_their_boundaries_not_names(tmp_path):
    for name, data in {"a": b"12", "b": b"3", "c": b"1", "d": b"23", "e": b"12"}.items():
        (tmp_path / name).write_bytes(data)
    a, b, c, d, e = (tmp_path / name for name in "abcde")
    assert digest_files([a, b]) == digest_files([e, b])
    assert digest_files([a, b]) != digest_files([c, d])


def on_nodes(folder, jobs, saves):
    """Start a worker on each node, which has saved its own checkpoint so often; return its word."""
    for number, (job, times) in enumerate(zip(jobs, saves, strict=True)):
        own = folder / str(number)
        own.mkdir()
        (own / "job").write_text(job)
        checkpoint = Checkpoint(own / "c.ckpt", {"data": job})
        for save in range(times):
            checkpoint.save({"of": number, "save": save})
    command = [sys.executable, Path(__file__).with_name("one_node.py"), folder]
    assert launch(len(jobs), lambda: False, command) == 0
    return [json.loads((folder / str(n) / "told.json").read_text()) for n in range(len(jobs))]


def test_nodes_without_a_common_folder_go_on_from_what_was_saved_most_often(tmp_path):
    expected = {"starts": 1, "state": {"of": 1, "save": 2}}
    assert on_nodes(tmp_path, "aa", (1, 3)) == [expected, expected]


def test_nodes_that_were_given_different_data_are_refused(tmp_path):
    for told in on_nodes(tmp_path, "ab", (0, 0)):
        assert "not given the same photographs" in told["error"]
