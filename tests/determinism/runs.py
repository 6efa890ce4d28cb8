"""Small runs of the whole workflow, and what they made, to be compared."""

import contextlib
import hashlib
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from typing import Any

from data.painter.films import frame_times, write_film
from data.painter.moving import compose_scene
from tests.holding import hold
from tests.waiting import until
from utils.dataset.shards import read_shard
from utils.dataset.splitting.fingerprint_index import FingerprintIndex

PROJECT = Path(__file__).resolve().parents[2]
SAMPLE = PROJECT / "data" / "sample"
NEW = [str(path) for path in sorted((PROJECT / "data" / "predict").iterdir())[:8]]

PHOTOS = 18
"""Of the sample: enough for every class on every side."""

OPTIONS = (
    *("--epochs", "1", "--trials", "2", "--trial-epochs", "1", "--image-size", "64"),
    *("--recipe", "batch_size=4", "--noise-copies", "1", "--rare-copies", "1"),
    *("--seed", "5", "--name", "same"),
)

WHOLE = (*OPTIONS, "--cores", "1", "--train-shards", "2", "--predict-shards", "2")
"""The options of the fixture `whole_run`."""

JUDGING = (
    *("--task", "classify", "--epochs", "3", "--trials", "1", "--trial-epochs", "1"),
    *("--image-size", "48", "--recipe", "batch_size=8", "--seed", "5", "--name", "judged"),
)
"""Options of a run that learns to judge single faces; its data are the same."""

DEALT = re.compile(r"(train_aug|predictions|predicted_images|new_fingerprints)_\d+\.(tar|json|npz)")
"""Files that are dealt to as many shards as the options say; compared is what they hold."""

CHECKPOINT = re.compile(r".*\.ckpt")


def dataset(folder: Path) -> Path:
    """Copy some photographs of the sample, with their annotations, to `folder`."""
    for kind in ("images", "annotations"):
        (folder / kind).mkdir(parents=True)
        for path in sorted((SAMPLE / kind).iterdir())[:PHOTOS]:
            shutil.copy(path, folder / kind)
    return folder


def clip(folder: Path) -> str:
    """Film a few people for a second, in a folder; return the path of the video."""
    path = folder / "clip.mp4"
    scene = compose_scene(5, 4, 2, (192, 112), pillars=0)
    write_film(path, scene, frame_times(1.2, 10))
    return str(path)


def backwards(folder: Path, archive: Path) -> Path:
    """Zip a data set in a folder of its own, the last file first."""
    with zipfile.ZipFile(archive, "w") as packed:
        for path in sorted(folder.rglob("*.*"), reverse=True):
            packed.write(path, Path("faces") / path.relative_to(folder))
    return archive


def run(folder: Path, *options: str) -> Path:
    """Run the workflow by the local engine; return its run folder.

    Its cache lies beside `folder`: no two runs that are compared may share the parent.
    """
    done = subprocess.run(
        [sys.executable, "workflow.py", "--engine", "local", "--run-dir", str(folder), *options],
        cwd=PROJECT,
        env=os.environ | {"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@contextlib.contextmanager
def held(folder: Path, job: str, at: tuple[str, int], *options: str) -> Iterator[subprocess.Popen]:
    """Start what `run` runs; yield its engine while a job stays at a call (`tests.holding`).

    Afterwards the engine is killed with all that it started. Resumed, the job does not stay there.

    Parameters
    ----------
    job
        The executable in ``bin/``, without its ending.
    at
        The function, and which call of it.
    """
    run(folder, "--dry-run", *options)
    mark = folder.with_name(f"{folder.name}.held")
    hold(folder / "bin" / f"{job}.py", *at, mark)
    engine = subprocess.Popen(
        _resume(folder),
        cwd=PROJECT,
        env=os.environ | {"PATH": os.defpath},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(mark.exists, engine, 900)
        yield engine
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(engine.pid, signal.SIGKILL)
        engine.wait()


def resume(folder: Path) -> str:
    """Resume a run to its end; return what it printed."""
    done = subprocess.run(
        _resume(folder),
        cwd=PROJECT,
        env=os.environ | {"PATH": os.defpath},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _resume(folder: Path) -> list[str]:
    return [sys.executable, "workflow.py", "--resume", str(folder), "--cores", "2"]


def made(folder: Path) -> dict[str, str]:
    """Return the digest of every file that the jobs of a run made, wherever its engine keeps them.

    Shards are taken together: under their name stands what they hold, whatever their number.
    """
    digests, dealt = {}, {}
    for name, path in sorted(_files(folder).items()):
        if match := DEALT.fullmatch(name):
            dealt.setdefault(match[1], []).extend(_held(path))
        elif name != "report.html" and not CHECKPOINT.fullmatch(name):
            digests[name] = _digest(path.read_bytes())
    digests |= {name: _digest(repr(sorted(held)).encode()) for name, held in dealt.items()}
    return digests


def report(folder: Path, other: Path) -> list[str]:
    """Return the lines of a run's report, less what tells how its plan differs from another's.

    That is when it was planned, by which command, from which commit, and the options, digests of
    inputs and folders of the data that differ.
    """
    own, others = (json.loads((f / "configuration.json").read_text()) for f in (folder, other))
    told = [own["created"], f"<pre>{html.escape(own['command'])}</pre>"]
    for part, shown in (("options", "{}"), ("digests", "{}, SHA-256")):
        names = {**own[part], **others[part]}
        differ = [name for name in names if own[part].get(name) != others[part].get(name)]
        told += [f"<dt>{shown.format(html.escape(name))}</dt>" for name in differ]
    if own["data"]["layout"] != others["data"]["layout"]:  # a folder of their own in an archive
        told.append(f"{html.escape(own['data']['layout'])}</li>")
    if own["git_commit"] != others["git_commit"]:  # it is not known where there is no git
        told.append("<dt>git commit</dt>")
    lines = (folder / "output" / "report.html").read_text().splitlines()
    kept = [line for line in lines if not any(words in line for words in told)]
    assert len(lines) - len(kept) <= len(told), "each is in one line"
    return kept


def _files(folder: Path) -> dict[str, Path]:
    cache, files = folder.parent / ".cache", {}
    for entry in (cache / "results").glob("*.json"):
        for name, digest in json.loads(entry.read_text()).items():
            files[name] = cache / "objects" / digest
    for place in (folder / "condor" / "files", folder / "output"):
        files |= {path.name: path for path in place.glob("*") if not path.is_symlink()}
    return files


def _held(path: Path) -> Iterator[tuple[Any, ...]]:
    """Yield the photographs of a shard, or what fingerprints or a record tell of each."""
    if path.read_bytes()[:2] == b"PK":
        index = FingerprintIndex.read(path)
        for number, file in enumerate(index.files):
            yield file, *(value.tobytes() for value in astuple(index[number]))
        return
    if path.name.endswith(".json") or path.read_bytes()[:1] == b"{":
        record = json.loads(path.read_text())
        shared = {name: record[name] for name in ("schema", "threshold", "model", "skipped")}
        for photo in record["photos"]:
            yield photo["name"], json.dumps([photo, shared])
        return
    for photo in read_shard(path):
        yield photo.name, photo.filename, photo.image, photo.annotation


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
