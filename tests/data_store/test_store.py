"""What a store keeps: photographs once, versions by name, and nothing that is not asked for."""

import errno
import os
from pathlib import Path

import fsspec
import pytest

from tests.data_store import kills
from tests.data_store.made import MadeData, data
from utils.data_store.checking import check
from utils.data_store.folder import LOCK, FolderPlace
from utils.data_store.layout import MARK, OBJECTS, mark_of
from utils.data_store.places import VARIABLE, place_of
from utils.data_store.remote import NOTES, RemotePlace
from utils.data_store.store import DataStore
from utils.errors import InputError


@pytest.fixture(params=["folder", "file://", "memory://"])
def store(request, tmp_path) -> DataStore:
    """A store at each kind of address."""
    address = {"folder": str(tmp_path / "store"), "file://": f"file://{tmp_path}/store"}
    where = address.get(request.param, f"memory://{tmp_path.name}/store")
    return DataStore.at(where)


@pytest.fixture
def folder(tmp_path) -> DataStore:
    return DataStore.at(str(tmp_path / "store"))


def objects(store: DataStore) -> int:
    return len(store.place.sizes(OBJECTS))


def given_back(store: DataStore, word: str) -> dict:
    """Return what a version holds, read from the store bit for bit."""
    version = store.find(word)
    photos = store.manifest(version).photos
    for photo in photos:
        store.photograph(photo)
    return {photo.filename: (photo.digest, photo.raw) for photo in photos}


def test_versions_come_back_as_they_were_and_share_photographs(store):
    first, second = data(1, 2, 3), data(2, 3, 4, 5, changed={3: 1})
    one = store.add("masks", first, "a").version
    two = store.add("masks", second, "b")
    assert (two.written, objects(store)) == (2, 5)
    assert given_back(store, f"masks@{one.version[:6]}") == first.content()
    assert given_back(store, "masks") == given_back(store, "masks@latest") == second.content()
    assert [str(version) for version in store.versions()] == [str(one), str(two.version)]
    assert check(store).is_whole and not check(store).spare


def test_to_add_twice_adds_nothing_and_an_older_version_becomes_the_newest(store):
    one = store.add("masks", data(1, 2), "a").version
    again = store.add("masks", data(1, 2), "a")
    assert again.was_there and again.written == 0 and again.version == one
    two = store.add("masks", data(1, 2, 3), "b").version
    back = store.add("masks", data(1, 2), "c")
    assert back.was_there and back.written == 0
    assert store.find("masks").version == one.version
    assert [version.version for version in store.versions()] == [two.version, one.version]
    assert not check(store).spare


def test_other_file_names_are_the_same_version_which_keeps_its_own(store):
    made = data(1, 2)
    store.add("masks", made, "a")
    renamed = MadeData({f"x{name}": it for name, it in made.photos.items()})
    added = store.add("masks", renamed, "b")
    assert added.was_there and added.names_differ
    assert given_back(store, "masks").keys() == made.photos.keys()
    other = store.add("other", renamed, "b")  # another data set has its own names
    assert not other.was_there and other.version.version == added.version.version
    assert given_back(store, "other").keys() == renamed.photos.keys()


def test_a_removal_keeps_what_others_share(store):
    store.add("masks", data(1, 2, 3), "a")
    store.add("masks", data(2, 3, 4), "b")
    store.add("faces", data(4, 5), "c")
    first = store.versions()[0]
    removed = store.remove([str(first)])
    assert (removed.photos, objects(store), removed.kept) == (1, 4, "")
    assert given_back(store, "masks") == data(2, 3, 4).content()
    removed = store.remove(["masks"])
    assert (len(removed.versions), removed.photos, objects(store)) == (1, 2, 2)
    assert given_back(store, "faces") == data(4, 5).content()
    assert check(store).is_whole and not check(store).spare


def test_a_removal_of_all_leaves_nothing(store):
    store.add("masks", data(1, 2), "a")
    store.add("masks", data(3), "a")
    assert store.remove(["masks"]).photos == 3
    assert list(store.place.sizes()) == [MARK] and store.versions() == []


def test_given_sides_come_back(store):
    store.add("masks", made := data(1, 2, 3, split=True), "a")
    version = store.find("masks")
    assert store.manifest(version).came_on() == made.came_on
    assert version.came_on == {"val": 1, "test": 1, "train": 1}
    assert version.version != store.add("masks", data(1, 2, 3), "b").version.version


@pytest.mark.parametrize("word", ["../x", "", "a b", "-x", "x" * 65, "a/b", ".x", "é", "a@b"])
def test_a_name_that_is_no_name_is_refused_before_anything_is_written(folder, word):
    with pytest.raises(InputError, match="no name of a data set"):
        folder.add(word, data(1), "a")
    assert not Path(folder.place.address).exists()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("mask", "did you mean masks"),
        ("other", "there are masks"),
        ("masks@0000", "it was removed, or never there; masks has "),
        ("masks@xyz", "names no version; write masks@latest"),
        ("masks@12", "names no version"),
    ],
)
def test_a_version_that_is_not_there_is_told_with_those_that_are(folder, word, told):
    folder.add("masks", data(1), "a")
    with pytest.raises(InputError, match=told):
        folder.find(word)
    with pytest.raises(InputError, match=told):
        folder.remove([word])
    assert len(folder.versions()) == 1


def test_digits_that_begin_two_versions_name_neither(folder, monkeypatch):
    folder.add("masks", data(1), "a")
    folder.add("masks", data(2), "a")
    monkeypatch.setattr("utils.data_store.words.LEAST", 0)
    monkeypatch.setattr("utils.data_store.words._VERSION", __import__("re").compile("[0-9a-f]*"))
    with pytest.raises(InputError, match="names 2 versions"):
        folder.find("masks@")


def test_a_folder_that_holds_something_else_is_no_store(tmp_path):
    (tmp_path / "photograph.jpg").touch()
    with pytest.raises(InputError, match=r"is no store: it holds photograph\.jpg"):
        DataStore.at(str(tmp_path)).add("masks", data(1), "a")
    assert [one.name for one in tmp_path.iterdir()] == ["photograph.jpg"]


def test_a_store_of_another_version_of_the_program_is_left_alone(folder):
    folder.add("masks", data(1), "a")
    folder.place.write(MARK, mark_of(2))
    for act in (folder.versions, lambda: folder.add("masks", data(2), "a")):
        with pytest.raises(InputError, match="schema 2, expected 1"):
            act()


@pytest.mark.parametrize(
    ("number", "told"), [(errno.EROFS, "cannot be written"), (errno.ENOSPC, "disk is full")]
)
@pytest.mark.parametrize("after", [0, 1, 3, 5])
def test_a_disk_that_is_full_or_read_only_leaves_a_valid_store(
    folder, monkeypatch, number, told, after
):
    folder.add("masks", data(1), "a")
    real, calls = os.replace, []

    def replace(source, target):
        calls.append(target)
        if len(calls) > after:
            raise OSError(number, os.strerror(number), str(source))
        real(source, target)

    monkeypatch.setattr("utils.records.os.replace", replace)
    with pytest.raises(InputError, match=told):
        folder.add("masks", data(1, 2, 3, 4, 5), "a")
    monkeypatch.undo()
    found = check(folder)
    assert found.is_whole and len(folder.versions()) == 1
    assert len(found.spare) == min(after, 5)  # no half files; what is there is used
    assert folder.add("masks", data(1, 2, 3, 4, 5), "a").written == 4 - min(after, 4)


def test_who_adds_and_who_removes_wait_for_each_other(folder, monkeypatch):
    monkeypatch.setattr("utils.data_store.folder.PATIENCE", 0.1)
    folder.add("masks", data(1), "a")
    other = DataStore(FolderPlace(Path(folder.place.address)))
    with folder.place.adding():
        assert not other.add("masks", data(2), "a").was_there
        with pytest.raises(InputError, match="somebody else"):
            other.remove(["masks"])
    with folder.place.removing(), pytest.raises(InputError, match="somebody else"):
        other.add("masks", data(3), "a")
    assert len(other.remove(["masks"]).versions) == 2


def test_they_do_so_where_there_are_no_locks(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.data_store.remote.PATIENCE", 0.1)
    store = DataStore.at(f"memory://{tmp_path.name}/notes")
    store.add("masks", data(1), "a")
    with store.place.adding():
        assert not store.add("masks", data(2), "a").was_there
        with pytest.raises(InputError, match=f"{NOTES}/adding-"):
            store.remove(["masks"])
    with store.place.removing(), pytest.raises(InputError, match=f"{NOTES}/removing-"):
        store.add("masks", data(3), "a")
    left = store.place._path(f"{NOTES}/removing-killed.json")
    store.place._fs.pipe_file(left, b'{"time": 0}')  # of a process killed long ago
    store.remove(["masks"])
    assert store.versions() == []


def test_a_part_of_a_photograph_that_a_kill_left_is_written_anew(store):
    made = data(7)
    store.add("masks", made, "a")
    name = next(iter(store.place.sizes(OBJECTS)))
    store.place.write(name, b"")
    assert store.add("other", made, "a").written == 1
    assert given_back(store, "masks") == made.content()


def test_a_home_of_nobody_is_named(monkeypatch):
    monkeypatch.setenv(VARIABLE, "~no-such-user/store")
    with pytest.raises(InputError, match=f"{VARIABLE} ~no-such-user/store: of whom ~ is, no home"):
        place_of(None)


def test_an_address_with_a_password_is_refused_and_not_repeated():
    with pytest.raises(InputError, match="holds a password") as told:
        place_of("sftp://me:secret@host/folder")
    assert "secret" not in str(told.value)


def test_an_address_that_cannot_be_used_is_told(monkeypatch):
    with pytest.raises(InputError, match=r"--store nosuch://x: cannot be used"):
        place_of("nosuch://x")
    real = fsspec.core.url_to_fs

    def missing(address):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(InputError, match=r"Install s3fs .*make store ARGS=PACKAGE"):
        place_of("s3://bucket/folder")
    monkeypatch.setattr("fsspec.core.url_to_fs", real)
    monkeypatch.setenv(VARIABLE, "memory://from/environment")
    assert isinstance(place_of(None), RemotePlace)


def test_killed_at_random_it_holds_what_it_should(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.records.os.fsync", lambda handle: None)  # kills lose no written page
    monkeypatch.setattr("utils.files.os.fsync", lambda handle: None)
    done = kills.tried(tmp_path / "store", 50, seed=1)
    assert done["killed"] and done["add"] > 10 and done["flip"] > 2
    assert (tmp_path / "store" / LOCK).exists()
