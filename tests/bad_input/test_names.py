"""File names as people and programs make them: carried whole, or refused before anything runs."""

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workflow
from tests.packing import pack_photos
from utils.dataset.intake.dataset import Dataset, pack_dataset
from utils.dataset.intake.names import printable
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.shards import read_shard
from utils.errors import InputError

ODD = (
    *("two words", " first and last ", "it's", 'say "x"', "a;b|c&d", "$(touch pwned)", "`id`"),
    *("-rf", "--help", "-", "%s%n", "{0}", "~root", "*", "?", "[a]", "#1", "a..b", "C:con", "nul"),
    *(
        "<b>x",
        "é",
        "e\u0301",
        "A",
        "a",
        "9.41.00\u202fAM",
        "日本語",
        "😷",
        "x" * 251,
        "\u00fc" * 125,
    ),
)
"""Stems that are carried as they are; two pairs differ in normal form or in case only."""

REFUSED = (b"line\nbreak", b"tab\there", b"esc\x1b[31m", b"\x7f", b"back\\slash", b"\xff\xfe")
REFUSED += tuple(char.encode() for char in ("\u202eabc", "\u2028", "\u0085", "\ufeffx"))
"""Stems that would break tables, terminals or shards."""


def test_odd_names_are_carried_as_they_are(make_dataset, tmp_path):
    folder = make_dataset(ODD)
    assert pack_dataset(folder, tmp_path / "d.tar")["photos"] == len(ODD)
    assert [photo.name for photo in read_shard(tmp_path / "d.tar")] == sorted(ODD)
    pack_photos([folder / "images"], [tmp_path / "p.tar"])
    assert [photo.name for photo in read_shard(tmp_path / "p.tar")] == sorted(ODD)


@pytest.mark.parametrize("stem", REFUSED)
def test_names_that_break_tables_are_refused_or_shown_harmlessly(make_dataset, stem):
    folder = make_dataset([stem])
    with pytest.raises(InputError, match="has characters that break tables; rename it") as error:
        Dataset(folder)
    assert str(error.value).isprintable()
    with NewPhotographs([folder / "images"]) as new:
        assert new.facts["named_anew"] == 1
        (name,) = new.names()
    assert name != stem
    assert printable(name) == name


@given(st.text(st.characters(exclude_characters="/"), min_size=1, max_size=60))
def test_any_name_is_carried(tmp_path_factory, stem):
    folder = tmp_path_factory.mktemp("name")
    try:
        (folder / f"{stem}.png").write_bytes(b"image")
        (folder / "last.png").write_bytes(b"image")
    except (OSError, ValueError):  # no file can have that name
        return
    pack_photos([folder], [folder / "p.tar"])
    files = {photo.filename for photo in read_shard(folder / "p.tar")}
    hidden = stem.startswith(".")
    assert files == {"last.png"} | ({printable(f"{stem}.png")} if not hidden else set())


def test_a_twin_in_another_normal_form_is_paired_and_one_in_another_case_is_pointed_out(
    make_dataset,
):
    folder = make_dataset(["caf\u00e9", "b"])
    (folder / "annotations" / "caf\u00e9.xml").rename(folder / "annotations" / "cafe\u0301.xml")
    assert Dataset(folder).facts["photos"] == 2
    (folder / "annotations" / "cafe\u0301.xml").rename(folder / "annotations" / "Caf\u00c9.xml")
    with pytest.raises(InputError, match=r"1 photograph .*differ only in case, rename"):
        Dataset(folder)


def test_two_photographs_that_look_alike_and_one_annotation_are_refused(make_dataset):
    folder = make_dataset(["caf\u00e9", "cafe\u0301", "b"])
    (folder / "annotations" / "caf\u00e9.xml").unlink()
    with pytest.raises(InputError, match="share a stem; rename or remove one"):
        Dataset(folder)


def test_two_photographs_for_one_annotation_are_refused(make_dataset):
    folder = make_dataset(["a", "b"])
    (folder / "images" / "a.jpg").write_bytes(b"")
    with pytest.raises(InputError, match=r"'images/a\.jpg' and 'images/a\.png' share a stem"):
        Dataset(folder)


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket may have 107 bytes
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")  # which never ends


def make_broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("make", [make_pipe, make_socket, make_device, make_broken_link, make_loop])
@pytest.mark.timeout(300)
def test_what_is_no_plain_file_is_named_and_never_waited_for(make_dataset, tmp_path, make):
    folder = make_dataset(["a", "b"])
    odd = folder / "images" / "a.png"
    odd.unlink()
    make(odd)
    with pytest.raises(InputError, match=r"a\.png: cannot be read .*replace or remove it"):
        pack_dataset(folder, tmp_path / "d.tar")
    with pytest.raises(InputError, match=r"a\.png: cannot be read|a\.png: no such file"):
        pack_photos([odd], [tmp_path / "p.tar"])
    assert not list(tmp_path.glob("*.tar*"))


def test_folders_and_links_that_look_like_photographs(make_dataset, tmp_path):
    folder = make_dataset(["a", "b"])
    outside = tmp_path / "outside.png"
    (folder / "images" / "a.png").rename(outside)
    (folder / "images" / "a.png").symlink_to(outside)  # a link to a file is that file
    (folder / "images" / "c.png").mkdir()
    (folder / "images" / "c.png" / "inside.txt").touch()
    assert pack_dataset(folder, tmp_path / "d.tar")["photos"] == 2
    assert next(read_shard(tmp_path / "d.tar")).image == outside.read_bytes()
    # A folder called like a photograph is a folder; a link in a circle is counted, not followed.
    (tmp_path / "more.jpg").mkdir()
    outside.rename(tmp_path / "more.jpg" / "z.png")
    (tmp_path / "more.jpg" / "loop").symlink_to(tmp_path / "more.jpg")
    facts = NewPhotographs([tmp_path / "more.jpg"]).facts
    assert (facts["photos"], facts["links_not_followed"]) == (1, 1)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--name", "two words"),
        ("--name", "a\nb"),
        ("--name", "50%"),
        ("--run-dir", "50%"),
        ("--run-dir", "a\nqueue"),
        ("--run-dir", "\x1b[31m"),
        ("--run-dir", "\udcff"),
        ("--data", "\udcff"),
        ("--predict", "\udcff"),
    ],
)
def test_names_on_the_command_line_that_no_engine_takes(
    make_dataset, tmp_path, capsys, option, value
):
    data = make_dataset("abc")
    given = {"--data": data, "--run-dir": tmp_path / "run"}
    given[option] = value if option == "--name" else tmp_path / value
    options = ["--dry-run", "--engine=local", "--weights=none"]
    assert workflow.main([*options, *(f"{name}={path}" for name, path in given.items())]) == 2
    told = capsys.readouterr().err
    assert f"{option}: takes a" in told and told.removesuffix("\n").isprintable()
    assert {path.name for path in tmp_path.iterdir()} == {"data"}
