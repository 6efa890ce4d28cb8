"""`detect.py` for what moves, by its command line; a witness of the film stands in for a model."""

import csv
import json
import os
import re
import resource
import signal
import threading
import time

import pytest

import detect
from data.painter.films import write_film
from data.painter.witness import Witness
from tests.video.camera import Camera, transport_stream
from tests.waiting import until
from utils.apply.folder import Claim
from utils.apply.looking import Settings
from utils.video import results
from utils.video import run as module
from utils.video.run import sources_of


@pytest.fixture
def witness(scene, times, monkeypatch) -> Witness:
    """What `detect.py` loads as its model."""
    witness = Witness(scene, times)
    monkeypatch.setattr(Settings, "load", lambda settings: witness)
    return witness


def people(folder) -> list[dict[str, str]]:
    with open(folder / "people.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_a_video_is_watched_and_told_of(film, witness, tmp_path, capsys):
    out = tmp_path / "out"
    assert detect.main([str(film), "--output", str(out)]) == 0
    told = capsys.readouterr().out
    assert "frames a second here" in told
    numbers = re.findall(r" person (\d+) ", told)
    assert numbers == [row["person"] for row in people(out)]
    assert len(numbers) >= 4
    assert "Answer: Of " in told
    assert "not corrected, because" in told
    assert {"annotated.webm", "faces.csv", "rate.json", "report.html", "timeline.csv"} <= {
        path.name for path in out.iterdir()
    }


def test_options_say_what_is_looked_at(film, witness, tmp_path, capsys):
    out = tmp_path / "out"
    options = ["--start", "1", "--end", "0:03", "--every", "2", "--no-pictures", "--json"]
    options += ["--clock", "2026-03-01T09:00", "--compare", "09:00:01-09:00:02"]
    options += ["09:00:02-09:00:03", "--least-seconds", "0.2"]
    assert detect.main([str(film), "--output", str(out), *options]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["frames"] == 10
    assert record["began"] == "2026-03-01T09:00:00.000"
    assert record["compared"]["periods"] == ["09:00:01-09:00:02", "09:00:02-09:00:03"]
    assert record["least_seconds"] == 0.2
    assert not (out / "annotated.webm").exists()
    assert not (out / "people").exists()


def test_several_videos_get_a_folder_each(film, witness, tmp_path, capsys):
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(film.read_bytes())
    out = tmp_path / "out"
    words = [str(tmp_path / "*.mp4"), "--output", str(out), "--no-pictures", "--limit", "8"]
    assert detect.main(words) == 0
    assert sorted(path.name for path in out.iterdir()) == ["001-a", "002-b"]
    assert all((folder / "rate.json").exists() for folder in out.iterdir())


def test_a_cut_off_video_is_used_and_the_exit_code_says_so(scene, times, witness, tmp_path, capsys):
    write_film(tmp_path / "whole.mkv", scene, times, stamped=True)
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    out = tmp_path / "out"
    assert detect.main([str(tmp_path / "cut.mkv"), "--output", str(out), "--no-pictures"]) == 1
    record = json.loads((out / "rate.json").read_text())
    assert record["gaps"][0]["reason"].startswith("cut off")
    assert record["frames"] > 5
    assert "seconds were missed" in capsys.readouterr().out


def test_an_alert_is_written_told_and_given_to_a_program(film, witness, tmp_path, capsys):
    out = tmp_path / "out"
    words = [str(film), "--output", str(out), "--no-pictures"]
    words += ["--alert", "people >= 2 for 1 s", "--alert-run", f"touch '{tmp_path / 'told'}'"]
    assert detect.main(words) == 0
    assert "ALERT " in capsys.readouterr().out
    with open(out / "alerts.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["alert"] == "people >= 2 for 1 s"
    assert float(row["time"]) - float(row["since"]) >= 1
    assert (tmp_path / "told").exists()


def test_a_receiver_that_fails_stops_nothing_and_is_told_by_the_exit_code(
    film, witness, tmp_path, capsys
):
    out = tmp_path / "out"
    words = [str(film), "--output", str(out), "--no-pictures", "--alert", "people >= 1"]
    assert detect.main([*words, "--alert-run", "/no/such/program"]) == 1
    assert json.loads((out / "rate.json").read_text())["frames"] == 40


class Blind:
    """Finds nobody; a camera's pictures carry no numbers."""

    arch, digest, threshold, data_version = "blind", "0" * 64, 0.5, None

    def __init__(self, witness: Witness) -> None:
        self.file, self._nothing = witness.file, witness.detections(0).above(2.0)
        self.asked = 0

    def predict(self, images):
        self.asked += 1
        return [self._nothing for _ in images]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_camera_is_watched_until_a_signal_and_all_is_valid(
    number, scene, times, tmp_path, capsys, monkeypatch
):
    blind = Blind(Witness(scene, times))
    monkeypatch.setattr(Settings, "load", lambda settings: blind)
    out = tmp_path / "out"
    with Camera(transport_stream((160, 96))) as camera:

        def stop() -> None:
            until(lambda: blind.asked >= 10)
            os.kill(os.getpid(), number)

        threading.Thread(target=stop, daemon=True).start()
        address = f"rtsp://viewer:s3cret@127.0.0.1:{camera.port}/live?key=k3yk3y"
        code = detect.main([address, "--output", str(out), "--record", "--blur"])
    assert code == 128 + number
    record = json.loads((out / "rate.json").read_text())
    assert record["source"]["kind"] == "stream"
    assert record["frames"] >= 1
    assert record["began"]
    everything = "".join(
        path.read_text() for path in out.iterdir() if path.suffix in (".json", ".csv", ".html")
    )
    printed = capsys.readouterr()
    for secret in ("s3cret", "k3yk3y", "viewer"):
        assert secret not in everything + printed.out + printed.err
    assert (out / "annotated.webm").stat().st_size > 100


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_somebody_is_written_ends_it_after_they_are(
    number, film, witness, tmp_path, capsys, monkeypatch
):
    row, written = results.person_row, []

    def interrupted(*given):
        written.append(given)
        if len(written) == 1:
            os.kill(os.getpid(), number)
        return row(*given)

    monkeypatch.setattr(results, "person_row", interrupted)
    out = tmp_path / "out"
    assert detect.main([str(film), "--output", str(out)]) == 128 + number
    record = json.loads((out / "rate.json").read_text())
    told = people(out)
    assert record["people"] == len(told) == len(written) > 1
    assert all((out / one["picture"]).stat().st_size for one in told)
    assert "Interrupted: what was seen so far is written" in capsys.readouterr().out


def test_of_two_runs_into_one_folder_one_is_refused(film, witness, tmp_path, capsys):
    out = tmp_path / "out"
    claim = Claim(out)
    assert detect.main([str(film), "--output", str(out)]) == 2
    assert f"--output {out}: another run writes into it" in capsys.readouterr().err
    assert list(out.iterdir()) == []
    del claim
    assert detect.main([str(film), "--output", str(out), "--limit", "3"]) == 0


def test_a_camera_that_freezes_loses_what_it_did_not_send_and_that_is_told(
    scene, times, tmp_path, capsys, monkeypatch
):
    blind = Blind(Witness(scene, times))
    monkeypatch.setattr(Settings, "load", lambda settings: blind)
    out, parts, part_of = tmp_path / "out", [], module.part_of
    monkeypatch.setattr(
        module, "part_of", lambda *given, **more: parts.append(part_of(*given, **more)) or parts[0]
    )
    with Camera(transport_stream((160, 96))) as camera:

        def freeze() -> None:
            until(lambda: blind.asked >= 5)
            camera.frozen = True
            time.sleep(3.5)
            camera.frozen, enough = False, blind.asked + 40
            until(lambda: blind.asked >= enough)  # two seconds of it
            parts[0].limit = 1  # which were long ago: it ends

        threading.Thread(target=freeze, daemon=True).start()
        words = [f"rtsp://127.0.0.1:{camera.port}/live", "--end", "300", "--no-pictures"]
        began = time.monotonic()
        assert detect.main([*words, "--output", str(out)]) == 1
        took = time.monotonic() - began
    record = json.loads((out / "rate.json").read_text())
    missed = record["seconds"]["missed"]
    assert missed > 2
    assert missed + 1 < record["seconds"]["seen"] + missed < took
    assert [gap["reason"] for gap in record["gaps"]] == ["no picture came"]
    assert "seconds were missed" in capsys.readouterr().out
    assert "no picture came" in (out / "report.html").read_text()
    with open(out / "timeline.csv", newline="") as file:
        assert sum(float(row["seconds_missed"]) for row in csv.DictReader(file)) == pytest.approx(
            missed, abs=0.2
        )


def test_a_disk_that_fills_is_told_in_a_line_and_all_before_is_valid(
    film, witness, tmp_path, capsys
):
    """A file of this process may grow to 6 kB: what is larger fails as on a full disk."""
    out, before = tmp_path / "out", resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (6000, before[1]))
    try:
        code = detect.main([str(film), "--output", str(out)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert code == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("detect.py: error:")
    assert "large" in error
    assert str(out) in error
    with open(out / "faces.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 5
    assert all(None not in row.values() for row in rows)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing-*.mp4"], "no file is of this pattern"),
        (["missing.mp4"], "no such file"),
        (["{film}", "--start", "x"], "is no time"),
        (["{film}", "--start", "3", "--end", "2"], "is not after --start"),
        (["{film}", "--clock", "noon"], "--clock noon"),
        (["{film}", "--compare", "1-2", "2"], "--compare 2"),
        (["{film}", "--compare", "0-3", "2-4"], "overlap"),
        (["{film}", "--start", "9999999999999999"], "more than a year"),
        (["{film}", "--alert", "share > 100 %"], "never holds"),
        (["{film}", "--alert", "rate < 1"], "--alert"),
        (["{film}", "--alert-post", "http://127.0.0.1:1/"], "there is no --alert"),
        (["/dev/video77"], "there is no such camera"),
        (["file:///etc/hostname"], "only rtsp"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_line(words, said, film, witness, tmp_path, capsys):
    filled = [word.replace("{film}", str(film)) for word in words]
    assert detect.main([*filled, "--output", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("detect.py: error:")
    assert said in error


def test_sources_are_named_once(tmp_path, film):
    assert sources_of([str(film), str(film), "0"]) == [str(film), "0"]
