import hashlib
import os

import pytest

from utils.dag.engines import files


def test_a_copy_has_the_content_and_the_permissions(tmp_path):
    (tmp_path / "a").write_bytes(os.urandom(3_000_000))
    (tmp_path / "a").chmod(0o751)
    files.copy(tmp_path / "a", tmp_path / "new" / "b")
    assert (tmp_path / "new" / "b").read_bytes() == (tmp_path / "a").read_bytes()
    assert (tmp_path / "new" / "b").stat().st_mode & 0o777 == 0o751
    assert files.digest(tmp_path / "new" / "b") == files.digest(tmp_path / "a")


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


def test_the_digest_is_sha256(tmp_path):
    (tmp_path / "a").write_bytes(b"abc")
    assert files.digest(tmp_path / "a") == hashlib.sha256(b"abc").hexdigest()


def test_removing_what_is_not_there_is_no_error(tmp_path):
    files.remove_tree(tmp_path / "none")
