from dataclasses import replace
from pathlib import Path

import pytest

from utils.dag.abstract_workflow import AbstractJob
from utils.dag.engines.local.cache import Cache

JOB = AbstractJob("job", "work", Path("/bin/true"), ("-a",), ("in",), ("out",))


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def made(tmp_path, text: str = "made") -> dict[str, Path]:
    (tmp_path / "out").write_text(text)
    return {"out": tmp_path / "out"}


def test_what_was_kept_is_found_with_its_content(cache, tmp_path):
    kept = cache.keep("key", made(tmp_path))
    assert cache.find("key", ["out"]) == kept
    assert cache.object(kept["out"]).read_text() == "made"
    assert cache.find("other", ["out"]) is None
    assert cache.find("key", ["out", "more"]) is None


@pytest.mark.parametrize(
    "other",
    [
        (replace(JOB, arguments=("-b",)), "exe", {"in": "1"}),
        (replace(JOB, environment={"A": "1"}), "exe", {"in": "1"}),
        (replace(JOB, outputs=("out", "more")), "exe", {"in": "1"}),
        (replace(JOB, stdin="in"), "exe", {"in": "1"}),
        (JOB, "other", {"in": "1"}),
        (JOB, "exe", {"in": "2"}),
        (JOB, "exe", {"in": "1", "more": "1"}),
    ],
)
def test_the_key_changes_with_all_that_a_result_is_made_from(cache, other):
    assert cache.key(JOB, "exe", {"in": "1"}) != cache.key(*other)


def test_the_key_ignores_the_jobs_name_and_resources(cache):
    renamed = replace(JOB, id="other", cores=8, memory=9, seconds=1.0)
    assert cache.key(JOB, "exe", {"in": "1"}) == cache.key(renamed, "exe", {"in": "1"})


@pytest.mark.parametrize("spoil", ["unlink", "shorten", "change", "entry"])
def test_a_result_that_is_not_as_it_was_is_not_found(cache, tmp_path, spoil):
    kept = cache.keep("key", made(tmp_path))
    if spoil == "unlink":
        cache.object(kept["out"]).unlink()
    elif spoil == "shorten":
        cache.object(kept["out"]).write_text("mad")
    elif spoil == "change":
        cache.object(kept["out"]).write_text("mace")
    else:
        (cache.folder / "results" / "key.json").write_text('{"out": [')
    assert cache.find("key", ["out"]) is None
    assert cache.keep("key", made(tmp_path)) == cache.find("key", ["out"]), (
        "made again, it is whole again"
    )


def test_a_record_with_a_flipped_bit_is_not_believed(cache, tmp_path):
    cache.keep("key", made(tmp_path))
    record = cache.folder / "results" / "key.json"
    whole = record.read_bytes()
    for place in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << bit
            record.write_bytes(damaged)
            assert cache.find("key", ["out"]) is None, bytes(damaged)


@pytest.mark.parametrize("text", ["[]", "5", '{"out": 5}', '{"out": null}', '{"out": ["a", 4]}'])
def test_a_record_of_another_shape_is_not_believed(cache, text):
    (cache.folder / "results" / "key.json").write_text(text)
    assert cache.find("key", ["out"]) is None


def test_checkpoints_are_kept_until_the_job_succeeds(cache, tmp_path):
    (tmp_path / "c").write_text("step 1")
    assert cache.keep_checkpoint("key", "c", tmp_path / "c")
    (tmp_path / "c").write_text("step 1")
    assert not cache.keep_checkpoint("key", "c", tmp_path / "c"), "it is the same as before"
    assert cache.checkpoint("key", "c").read_text() == "step 1"
    cache.keep("key", made(tmp_path))
    assert not cache.checkpoint("key", "c").exists()


def test_an_empty_checkpoint_does_not_replace_a_good_one(cache, tmp_path):
    (tmp_path / "c").write_text("step 1")
    cache.keep_checkpoint("key", "c", tmp_path / "c")
    (tmp_path / "c").touch()
    assert not cache.keep_checkpoint("key", "c", tmp_path / "c")
    assert cache.checkpoint("key", "c").read_text() == "step 1"
