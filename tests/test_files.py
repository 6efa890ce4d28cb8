import errno
import os
import shutil

import pytest

from utils import files
from utils.records import digest_of


def test_a_copy_has_the_content_and_the_permissions(tmp_path):
    (tmp_path / "a").write_bytes(os.urandom(3_000_000))
    (tmp_path / "a").chmod(0o751)
    files.copy(tmp_path / "a", tmp_path / "new" / "b")
    assert (tmp_path / "new" / "b").read_bytes() == (tmp_path / "a").read_bytes()
    assert (tmp_path / "new" / "b").stat().st_mode & 0o777 == 0o751
    assert digest_of(tmp_path / "new" / "b") == digest_of(tmp_path / "a")


def test_a_copy_does_not_change_with_its_source(tmp_path):
    (tmp_path / "a").write_text("old")
    files.copy(tmp_path / "a", tmp_path / "b")
    (tmp_path / "a").write_text("new")
    assert (tmp_path / "b").read_text() == "old"


def test_a_copy_that_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "b").write_text("old")
    with pytest.raises(FileNotFoundError):
        files.copy(tmp_path / "none", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "old"


def test_removing_what_is_not_there_is_no_error(tmp_path):
    files.remove_tree(tmp_path / "none")


def test_a_file_is_moved_to_another_file_system_too(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("content")
    replace = os.replace

    def another(source, target):
        if source == tmp_path / "a":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        replace(source, target)

    monkeypatch.setattr(os, "replace", another)
    files.move(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_text() == "content"
    assert not (tmp_path / "a").exists()


def test_all_is_removed_also_what_vanishes_meanwhile(tmp_path, monkeypatch):
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    remove, calls = shutil.rmtree, []

    def vanishing(path):
        calls.append(path)
        if len(calls) == 1:  # a process that is being killed removes a file of its own
            raise FileNotFoundError(path / "inner" / "file")
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", vanishing)
    files.remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


def test_folders_that_a_job_made_read_only_are_removed(tmp_path, monkeypatch):
    inner = tmp_path / "tree" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o500)
    remove = shutil.rmtree

    def unprivileged(path):  # root, who may run this test, is not kept from anything
        if not inner.stat().st_mode & 0o200:
            raise PermissionError(errno.EACCES, "Permission denied", str(inner))
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", unprivileged)
    files.remove_tree(tmp_path / "tree")
    assert not (tmp_path / "tree").exists()


def test_what_cannot_be_removed_is_told(tmp_path, monkeypatch):
    def refuse(path):
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)
    with pytest.raises(OSError, match="busy"):
        files.remove_tree(tmp_path)


def test_the_last_lines_of_a_huge_log_are_read_without_reading_all(tmp_path):
    path = tmp_path / "log"
    with open(path, "wb") as file:
        file.truncate(10 * 2**30)  # sparse; too much to read
        file.seek(0, os.SEEK_END)
        file.write(b"\nthe last but one\nthe last\n")
    assert files.last_lines(path, 2) == ["the last but one", "the last"]
    assert files.last_lines(tmp_path / "none", 2) == []
