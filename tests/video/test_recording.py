"""Annotated videos of a job: the same bytes, whatever interrupts it."""

import sys

import av
import numpy as np
import pytest

from utils.errors import InputError
from utils.video import recording as module
from utils.video.recording import STRETCH, Recording

TIMES = np.round(np.cumsum(np.random.default_rng(0).uniform(0.05, 0.2, 2 * STRETCH + 9)), 3)


def frame(number: int, size=(64, 96)) -> np.ndarray:
    image = np.full((*size, 3), 60, np.uint8)
    image[10:30, number % 60 : number % 60 + 20] = (200, 30, 30)
    return image


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("whole"), [])


def recorded(folder, ends: list[int]) -> list[bytes]:
    """Record two videos; at each of `ends`, the process ends, after what it saved 5 frames ago."""
    number, saved, recorder = 0, None, Recording(folder / "job.packets")
    assert recorder.go_on(None)
    made = []
    whole = 2 * len(TIMES)
    ends, saves = list(ends), {end - 5 for end in ends}
    while number < whole:
        if ends and number == ends[0]:
            ends.pop(0)
            recorder.close()
            number, state, made = saved
            made = list(made)
            recorder = Recording(folder / "job.packets")
            assert recorder.go_on(state)
            continue
        if number in saves:
            saved = number, recorder.state(), tuple(made)
        recorder.add(frame(number), TIMES[number % len(TIMES)])
        number += 1
        if number % len(TIMES) == 0:
            made.append(recorder.end())
    for n, packets in enumerate(made):
        recorder.write(packets, folder / f"{n}.webm")
    recorder.close()
    return [(folder / f"{n}.webm").read_bytes() for n in range(len(made))]


def test_every_frame_is_there_at_its_time_and_can_be_wound_to(undisturbed, tmp_path):
    (tmp_path / "a.webm").write_bytes(undisturbed[0])
    with av.open(tmp_path / "a.webm") as container:
        frames = list(container.decode(video=0))
        assert [one.time for one in frames] == pytest.approx(TIMES, abs=2e-3)
        seen = frames[STRETCH + 3].to_ndarray(format="rgb24").astype(int)
        assert np.abs(seen - frame(STRETCH + 3)).mean() < 8
        container.seek(int(TIMES[-3] * 1e6))
        assert next(container.decode(video=0)).time == pytest.approx(TIMES[2 * STRETCH], abs=2e-3)
    assert len(set(undisturbed)) == 2, "of other frames"


@pytest.mark.parametrize("seed", range(3))
def test_ended_at_any_frame_it_makes_the_same_bytes(undisturbed, tmp_path, seed):
    rng = np.random.default_rng(seed)
    ends = sorted(rng.choice(np.arange(6, 2 * len(TIMES)), 6, replace=False).tolist())
    ends = [end for end, before in zip(ends, [-9, *ends], strict=False) if end - before > 5]
    assert recorded(tmp_path, ends) == undisturbed


def test_a_file_that_lost_what_the_checkpoint_counts_on_is_not_gone_on_with(tmp_path):
    recorder = Recording(tmp_path / "job.packets")
    for number in range(STRETCH):
        recorder.add(frame(number), number / 10)
    state = recorder.state()
    assert state["at"] > 0 and not state["frames"]
    recorder.close()
    (tmp_path / "job.packets").write_bytes(b"")
    assert not Recording(tmp_path / "job.packets").go_on(state)


def test_a_video_of_which_nothing_was_seen_is_an_empty_file(tmp_path):
    recorder = Recording(tmp_path / "job.packets")
    recorder.go_on(None)
    recorder.write(recorder.end(), tmp_path / "none.webm")
    assert (tmp_path / "none.webm").read_bytes() == b""


def test_without_the_encoder_the_option_to_leave_out_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "has_encoder", lambda name: False)
    with pytest.raises(InputError, match=r"libvpx-vp9.*--annotated-videos"):
        Recording(tmp_path / "job.packets")
    monkeypatch.undo()
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InputError, match="make video"):
        Recording(tmp_path / "job.packets")
