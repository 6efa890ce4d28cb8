"""`verify` finds every bit that is not as it was, and names who is concerned."""

import re
from pathlib import Path

import pytest

from tests.data_store.made import data
from utils.data_store.checking import check
from utils.data_store.folder import LOCK
from utils.data_store.layout import ASIDE
from utils.data_store.manifest import Manifest
from utils.data_store.store import DataStore
from utils.errors import InputError


@pytest.fixture
def store(tmp_path) -> DataStore:
    store = DataStore.at(str(tmp_path / "store"))
    store.add("masks", data(1, 2, 3), "a")
    store.add("masks", data(2, 3, 4), "b")
    store.add("faces", data(3, 5), "c")
    return store


def files(store: DataStore) -> list[Path]:
    found = Path(store.place.address).rglob("*")
    return sorted(one for one in found if one.is_file() and one.name != LOCK)


def test_every_flipped_bit_is_found(store):
    root = Path(store.place.address)
    for file in files(store):
        content, name = file.read_bytes(), file.relative_to(root).as_posix()
        step = max(1, 8 * len(content) // 16)
        for bit in (*range(0, 8 * len(content), step), 8 * len(content) - 1):
            flipped = bytearray(content)
            flipped[bit // 8] ^= 1 << bit % 8
            file.write_bytes(flipped)
            found = check(store)
            assert not found.is_whole and name in {*found.damaged, *found.records}, (name, bit)
        file.write_bytes(content)
    assert check(store).is_whole and not check(store).spare


def test_a_damaged_photograph_is_named_with_the_versions_that_hold_it(store):
    photo = store.manifest(store.find("faces")).photos[0]
    name = f"objects/{photo.digest[:2]}/{photo.digest[2:]}"
    store.place.write(name, b"other")
    found = check(store)
    assert found.damaged == {
        name: [{"version": str(one), "photograph": "0003.jpg"} for one in store.versions()]
    }
    assert all(f"0003.jpg of {one}" in found.told() for one in store.versions())
    assert list(check(store, ["faces"]).damaged[name][0].values()) == [
        *(str(store.find("faces")), "0003.jpg")
    ]
    with pytest.raises(InputError, match=r"0003\.jpg: .* is damaged; .*data verify"):
        store.photograph(photo)


@pytest.mark.parametrize("whole_file", [True, False])
def test_whatever_file_is_lost_adding_the_same_again_puts_it_back(store, whole_file):
    sets = {"masks": [data(1, 2, 3), data(2, 3, 4)], "faces": [data(3, 5)]}
    for number in range(len(files(store))):
        file = files(store)[number]
        if whole_file:
            file.unlink()
        else:
            file.write_bytes(b"x")
        unknown = whole_file and file.parent.parent.name == "names"
        assert check(store).is_whole == unknown
        aside = check(store, set_aside=True).aside
        assert len(aside) == (not whole_file)
        assert (Path(store.place.address) / ASIDE).exists() == (not whole_file)
        for name, made in sets.items():
            for one in made:
                store.add(name, one, "again")
        assert check(store).is_whole, file
        assert len(store.versions()) == 3
        store.remove([])  # frees what was put aside
        assert not check(store).spare and len(store.versions()) == 3


def test_nothing_is_freed_where_it_cannot_be_told_what_is_held(store):
    count = len(files(store))
    name = next(one for one in store.place.sizes("names") if "faces" in one)
    content = store.place.read(name)
    store.place.write(name, b"{}")
    removed = store.remove(["masks"])
    assert "is damaged" in removed.kept and removed.photos == removed.freed == 0
    assert len(files(store)) == count - 2  # the names alone
    store.place.write(name, content)
    assert store.remove([]).photos == 3
    manifest = next(iter(store.place.sizes("manifests")))
    store.place.write(manifest, b"{}")
    assert "is damaged" in store.remove([]).kept
    assert len(store.place.sizes("objects")) == 2


def test_what_no_version_holds_is_spare_and_freed_by_the_next_removal(store):
    store.place.write(f"objects/ab/{'c' * 62}.tmp", b"half")
    store.place.write(f"manifests/{'d' * 64}.json", b"{}")
    found = check(store)
    assert found.is_whole and len(found.spare) == 2 and "spare: 2 files (6 bytes)" in found.told()
    assert store.remove([]).freed == 6
    assert not check(store).spare


def test_a_missing_photograph_is_told(store):
    gone = files(store)[-2] if "objects" in str(files(store)[-2]) else None
    gone = gone or next(one for one in files(store) if "objects" in str(one))
    gone.unlink()
    found = check(store)
    assert len(found.missing) == 1 and "missing: objects/" in found.told() and not found.is_whole


def test_a_list_that_is_no_list_is_told(store):
    whole = store.manifest(store.find("faces")).as_bytes()
    head, *rows = whole.decode().splitlines()
    wrong = (
        b"",
        b"[" * 100_000,
        whole.replace(b"0003.jpg", b"../3.jpg"),
        whole.replace(b'"schema":1', b'"schema":2'),
        whole.replace(b'"schema":1', b'"schema":NaN'),
        "\n".join([head, *reversed(rows)]).encode(),
        "\n".join([head, rows[0]]).encode(),
        whole.replace(b"[200,100]", b"[200,NaN]"),
        whole.replace(b"[200,100]", b"[200]"),
        re.sub(rb'"[0-9a-f]{64}",', b'"../../etc/passwd",', whole),
    )
    for content in wrong:
        assert content != whole
        with pytest.raises(InputError, match=r"is no list of photographs|field 'schema'"):
            Manifest.from_bytes(content, "it")
    assert Manifest.from_bytes(whole, "it") == store.manifest(store.find("faces"))
