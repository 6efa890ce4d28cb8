"""Hostile and damaged archives: a clear error or all their photographs, soon, and no other file."""

import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from tests.bad_input import hostile_archives as hostile
from tests.faults.archives import WHOLE
from tests.packing import pack_photos
from utils.dataset import archive_limits
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.shards import read_shard
from utils.errors import InputError

SECONDS, BYTES = 5, 64 * 2**20
"""What reading a small hostile archive may take."""


@pytest.fixture
def archive(tmp_path):
    """Write an archive to a folder of its own; nothing else may appear there or beside it."""
    folder = tmp_path / "given"
    folder.mkdir()

    def write(name: str, data: bytes) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    yield write
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert left <= {f"given/{path.name}" for path in folder.iterdir()} | {"out.tar"}


def photographs(path: Path, output: Path) -> dict[str, bytes]:
    """Return the photographs that reach the shard, by file name."""
    pack_photos([path], [output])
    return {photo.filename: photo.image for photo in read_shard(output)}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_one_is_read(archive, tmp_path, kind):
    path = archive(f"a.{kind}", WHOLE[kind])
    assert photographs(path, tmp_path / "out.tar") == hostile.PHOTOS


@pytest.mark.parametrize("name", hostile.ODD_NAMES)
def test_an_odd_name_keeps_no_photograph_out(archive, tmp_path, name):
    read = photographs(archive(name, hostile.ODD_NAMES[name]), tmp_path / "out.tar")
    assert list(read.values()) == [hostile.PNG]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        *((f"{name}.tar", *case) for name, case in hostile.TARS.items()),
        *((f"{name}.zip", *case) for name, case in hostile.ZIPS.items()),
    ],
    ids=lambda value: value if isinstance(value, str) and value.endswith((".tar", ".zip")) else "",
)
def test_a_hostile_one_is_a_clear_error(archive, tmp_path, name, data, message):
    path = archive(name, data)
    start = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=message) as caught:
            photographs(path, tmp_path / "out.tar")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert name in str(caught.value) or "no photographs" in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert "; " in str(caught.value) or "no photographs" in str(caught.value), "no fix is told"
    assert time.process_time() - start < SECONDS and peak < BYTES
    assert not list(tmp_path.glob("out.tar*"))


@pytest.mark.parametrize("kind", hostile.COMPRESSORS)
def test_a_bomb_is_defused(archive, monkeypatch, kind):
    monkeypatch.setattr(archive_limits, "ROOM", 2**20)
    claim = hostile.header(b"a.png", b"\x80" + (1 << 40).to_bytes(11))
    path = archive(f"a.tar.{kind}", hostile.COMPRESSORS[kind](claim + bytes(2**24)))
    with pytest.raises(InputError, match=r"100 times its own size; .*give the folder"):
        NewPhotographs([path])


@pytest.mark.parametrize("pack", [hostile.tar_of, hostile.zip_of])
def test_too_many_entries_are_refused(archive, monkeypatch, pack):
    monkeypatch.setattr(archive_limits, "MAX_ENTRIES", 10)
    path = archive(f"a.{pack.__name__[:3]}", pack({f"{i}.png": b"x" for i in range(11)}))
    with pytest.raises(InputError, match="more than 10 entries"):
        NewPhotographs([path])
    path.write_bytes(pack({f"{i}.png": b"x" for i in range(10)}))
    assert NewPhotographs([path]).facts["photos"] == 10


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
from utils.dataset.intake.photographs import NewPhotographs
from utils.errors import InputError
for path in sys.argv[1:]:
    try:
        NewPhotographs([path])
    except InputError as error:
        print(error)
"""


def test_bombs_fit_into_half_a_gigabyte(archive, tmp_path):
    """A million entries, 300 MB of zeros, and a dictionary of 4 GiB, by a process that has less."""
    paths = [
        archive("million.zip", hostile.many_entries(1_000_000)),
        archive("zeros.tar.bz2", hostile.bz2.compress(bytes(2**20)) * 300),
        archive("dictionary.tar.xz", hostile.large_dictionary()),
    ]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *paths],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert [name in line for name, line in zip(("million", "zeros", "dict"), lines, strict=True)]
    assert "its list of files takes" in lines[0]
    assert "100 times its own size" in lines[1]
    assert "cannot be read" in lines[2]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_no_space_to_expand_is_said(archive, tmp_path):
    code = LIMITED.replace("RLIMIT_AS, (2**29, 2**29)", "RLIMIT_NOFILE, (64, 64)")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=True)
    try:
        path = archive("a.tar.gz", hostile.gzip.compress(bytes(2**20)))
        done = subprocess.run(
            [sys.executable, "-c", code, path],
            env={**os.environ, "TMPDIR": str(small)},
            capture_output=True,
            text=True,
        )
    finally:
        subprocess.run(["/bin/umount", small], check=True)
    assert f"no space to expand it in {small}; free some" in done.stdout, done.stderr


def test_special_files_in_a_folder_are_errors_and_never_wait(tmp_path):
    folder = tmp_path / "photographs"
    folder.mkdir()
    (folder / "good.png").write_bytes(hostile.PNG)
    os.mkfifo(folder / "a.png")
    with pytest.raises(InputError, match=r"a\.png: cannot be read \(no plain file\); .*remove it"):
        photographs(folder, tmp_path / "out.tar")
    for target in ("/dev/zero", "a.png", "nowhere"):
        (folder / "a.png").unlink()
        (folder / "a.png").symlink_to(target)
        with pytest.raises(InputError, match=r"a\.png: cannot be read"):
            photographs(folder, tmp_path / "out.tar")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.png"])
def test_a_named_pipe_instead_of_an_archive_is_an_error(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match="no plain file"):
        photographs(tmp_path / name, tmp_path / "out.tar")
