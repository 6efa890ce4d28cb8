"""The hyper-parameter search when its journal is damaged, and results are lost, odd or confused.

A search of two rounds of three trials. A damaged journal, and results of another search or round,
stop it with a clear error; a trial without a usable result counts as failed, and it goes on.
"""

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults.damage import refused, refused_data, said
from tests.faults.table import Row
from utils.records import read_record, write_record
from utils.search.study import Pruner, best, suggest
from utils.search.trial_results import LOST

TRIALS, WIDTH = 6, 3
FAILED = "named in the log; counted as failed; the search goes on"
REFUSED = "refused by name"


class Search:
    """A search as the DAG goes through it, in a folder of its own."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        folder.mkdir()
        self.folder, self.seed = folder, seed

    def study(self, number: int) -> Path:
        return self.folder / f"hpo_study_{number}.log"

    def suggest(
        self, number: int, results: list[Path], study: Path | None = None
    ) -> list[dict[str, Any]]:
        """Go through round `number`, from `study` or the journal of the round before."""
        before = (study or self.study(number - 1)) if number > 1 else None
        paths = [self.folder / f"hpo_{number}_{k}.json" for k in range(WIDTH)]
        suggest(before, results, self.study(number), paths, number, TRIALS, self.seed)
        return [read_record(path) for path in paths]

    def result(self, asked: dict[str, Any], **fields: Any) -> Path:
        """Write what a trial of one epoch gives."""
        path = self.folder / f"result_{asked['number']}.json"
        value = 0.1 + 0.01 * asked["number"]
        record = {"number": asked["number"], "state": "complete", "values": [value], "value": value}
        record |= {"error": 0.001, "reason": None}
        record |= {"params": asked["params"], "study": asked["study"]}
        write_record(path, record | fields)
        return path

    def best(self, results: list[Path], number: int = 1) -> dict[str, Any]:
        """End after round `number`; return the record of the best parameters."""
        output = self.folder / "best.json"
        best(self.study(number), results, self.folder / "hpo_study.log", output)
        return read_record(output)


def rows(quick: bool) -> Iterator[Row]:
    """Inject every fault; with `quick`, into some of the places only."""
    step = 97 if quick else 1
    with tempfile.TemporaryDirectory() as folder, said():
        yield from _journal_rows(Path(folder), step)
        yield from _result_rows(Path(folder), 29 if quick else 1)
        yield from _confusion_rows(Path(folder))


def _journal_rows(folder: Path, step: int) -> Iterator[Row]:
    search = Search(folder / "journal")
    results = [search.result(asked) for asked in search.suggest(1, [])]
    whole, path = search.study(1).read_bytes(), folder / "hpo_study_1.log"
    readers = (
        lambda path: search.suggest(2, results, path),
        lambda path: best(path, results, folder / "study.log", folder / "best.json"),
        lambda path: Pruner(path, 0, 3).__exit__(),
    )
    times = 0
    for number, length in enumerate(range(0, len(whole), step)):
        times += refused_data(path, whole[:length], readers[number % 3])
    yield Row(f"study journal of {len(whole):,} bytes cut", times, REFUSED, "nothing")
    times = 0
    for number, place in enumerate(range(0, len(whole), step)):
        data = bytearray(whole)
        data[place] ^= 1 << place % 8
        times += refused_data(path, data, readers[number % 3])
    yield Row("a bit of it flipped", times, REFUSED, "nothing")
    lines = whole.splitlines(keepends=True)
    for number in range(len(lines)):
        refused_data(path, b"".join(lines[:number] + lines[number + 1 :]), readers[number % 3])
    yield Row("a whole line of it left out", len(lines), REFUSED, "nothing")
    assert not (folder / "study.log").exists(), "a refused journal was gone on with"


def _result_rows(folder: Path, step: int) -> Iterator[Row]:
    search = Search(folder / "results")
    first, second, third = search.suggest(1, [])
    good = [search.result(asked) for asked in (second, third)]
    path = search.result(first)
    whole, record = path.read_bytes(), read_record(path)
    end = len(whole.rstrip(b"\n}"))  # what is cut behind it is not missed
    times = sum(_counts_as_failed(search, path, whole[:n], good) for n in range(0, end, step))
    yield Row(f"a result of {len(whole)} bytes cut", times, FAILED, "that trial")
    odd = [b"", b"\0" * 99, b"\xff\xfe", b"[]", b"null", b"{}", b'{"schema": 1}', b"[" * 100_000]
    nan, inf = float("nan"), float("inf")
    for change in (
        {"value": nan}, {"values": [nan]}, {"error": nan}, {"value": inf}, {"value": "0.5"},
        {"value": None}, {"values": None}, {"values": ["x"]}, {"error": None}, {"state": "done"},
        {"state": []}, {"number": "0"}, {"number": None}, {"reason": 5}, {"schema": 2},
    ):  # fmt: skip
        odd.append(json.dumps(record | change).encode())
    times = sum(_counts_as_failed(search, path, data, good) for data in odd)
    yield Row("a result empty, garbage, NaN, of other types", times, FAILED, "that trial")
    path.unlink()
    assert _counts_as_failed(search, path, None, good)
    yield Row("a result lost", 1, FAILED, "that trial")
    killed = search.result(first, state="fail", value=None, values=[], error=None, reason="killed")
    assert search.best([killed, *good])["failed"] == 1
    yield Row("a trial killed until it gave up", 1, "counted as failed, with why", "that trial")
    assert len(search.suggest(2, [])) == WIDTH
    refused(search.study(1), lambda path: search.best([]), "no trial of the search was completed")
    yield Row("every result of a round lost", 1, "suggests on; an error if none is left", "them")


def _counts_as_failed(search: Search, path: Path, data: bytes | None, good: list[Path]) -> bool:
    """Tell a result of these bytes, or none, with good ones of the other two trials."""
    results = good
    if data is not None:
        path.write_bytes(data)
        results = [path, *good]
    with said() as messages:
        record = search.best(results)
    assert (record["complete"], record["failed"], record["number"]) == (2, 1, 2), record
    assert any("count as failed: 0" in line for line in messages), messages
    assert data is None or any(path.name in line for line in messages), messages
    assert LOST in (search.folder / "hpo_study.log").read_text()
    return True


def _confusion_rows(folder: Path) -> Iterator[Row]:
    search, other = Search(folder / "one"), Search(folder / "two", seed=2)
    results = [search.result(asked) for asked in search.suggest(1, [])]
    foreign = [other.result(asked) for asked in other.suggest(1, [])]
    expected = search.suggest(2, results), search.study(2).read_bytes()

    def same(results: list[Path]) -> int:
        assert (search.suggest(2, results), search.study(2).read_bytes()) == expected
        return 1

    times = sum(same(order) for order in (results[::-1], results[1:] + results[:1]))
    yield Row("results in another order", times, "the same bytes", "nothing")
    times = same([*results, *results])
    later = [search.result(asked) for asked in expected[0]]
    once = search.best(later, 2)
    assert search.best([*results, *later, *results], 2) == once
    assert once["complete"] == TRIALS
    yield Row("results told twice, also a round later", times + 1, "the same bytes", "nothing")
    times = 0
    for path in foreign:
        times += refused(path, lambda path: search.suggest(2, [*results, path]), "different runs")
    for path in later:
        times += refused(path, lambda path: search.suggest(2, [*results, path]), "does not belong")
    times += refused(later[0], lambda path: search.best([path]), "does not belong")
    yield Row("results of another search or round", times, REFUSED, "nothing")
    refused(search.result(expected[0][0] | {"number": 0}, value=0.9, values=[0.9]),
            lambda path: search.best([path, *later], 2), "another result")  # fmt: skip
    yield Row("a second, other result of a trial", 1, REFUSED, "nothing")
    search.study(2).write_bytes(search.study(1).read_bytes())
    refused(later[0], lambda path: search.best([path], 2), "does not belong")
    yield Row("the journal of the round before", 1, REFUSED, "nothing")
