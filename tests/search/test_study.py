import json

import pytest

from utils.errors import InputError
from utils.records import read_record, write_record
from utils.search.importance import LEAST
from utils.search.space import Choices, Range, default_params
from utils.search.study import Pruner, best, suggest
from utils.training.recipe import Recipe


class Rounds:
    """A search as the DAG goes through it, in a folder."""

    def __init__(self, folder, width=2, seed=1, start=None, space=None):
        self.folder, self.width, self.seed, self.number, self.results = folder, width, seed, 0, []
        self.asked = (start, space)

    @property
    def study(self):
        return self.folder / f"study_{self.number}.log"

    def suggest(self):
        before = self.study if self.number else None
        self.number += 1
        paths = [self.folder / f"hpo_{self.number}_{k}.json" for k in range(self.width)]
        suggest(before, self.results, self.study, paths, self.number, 8, self.seed, *self.asked)
        self.results = []
        return [read_record(path) for path in paths]

    def finish(self, suggestion, values, state="complete", reason=None, error=0.05):
        path = self.folder / f"result_{suggestion['number']}.json"
        record = {
            "number": suggestion["number"],
            "state": state,
            "values": values,
            "value": values[-1] if state == "complete" else None,
            "error": error if state == "complete" else None,
            "reason": reason,
            "params": suggestion["params"],
            "study": suggestion["study"],
        }
        write_record(path, record)
        self.results.append(path)

    def best(self):
        out = self.folder / "params.json"
        return best(self.study, self.results, self.folder / "study.log", out), read_record(out)


@pytest.fixture
def rounds(tmp_path):
    return Rounds(tmp_path)


def test_first_trial_is_the_defaults_and_all_suggestions_make_a_recipe(rounds):
    suggestions = [*rounds.suggest(), *rounds.suggest()]
    assert suggestions[0]["params"] == default_params()
    assert [s["number"] for s in suggestions] == [0, 1, 2, 3]
    assert [s["round"] for s in suggestions] == [1, 1, 2, 2]
    assert len({json.dumps(s["params"]) for s in suggestions}) == 4
    for suggestion in suggestions:
        assert Recipe.from_params(suggestion["params"]).as_params() == suggestion["params"]


def test_search_starts_where_the_recipe_says(tmp_path):
    """What is searched may move from there; what is not stays."""
    recipe = {"batch_size": 16, "learning_rate": 1e-4, "warmup": 0.3}
    paths = [tmp_path / f"{number}.json" for number in range(4)]
    suggest(None, [], tmp_path / "1.log", paths[:2], 1, 4, 1, recipe)
    record = {"state": "complete", "values": [0.1], "value": 0.1, "error": 0.01, "reason": None}
    for number in range(2):
        asked = read_record(paths[number])
        known = {"number": number, "study": asked["study"]}
        write_record(tmp_path / f"r{number}.json", record | known)
    results = [tmp_path / f"r{number}.json" for number in range(2)]
    suggest(tmp_path / "1.log", results, tmp_path / "2.log", paths[2:], 2, 4, 1, recipe)
    asked = [read_record(path)["params"] for path in paths]
    assert asked[0] == default_params() | recipe
    assert {params["warmup"] for params in asked} == {0.3}
    trials = best(tmp_path / "2.log", [], tmp_path / "s.log", tmp_path / "p.json")
    assert [trial["params"] for trial in trials] == asked
    assert read_record(tmp_path / "p.json")["params"] == asked[0]


def test_what_is_searched_is_what_is_told_and_the_rest_stays(tmp_path):
    space = {
        "arch": Choices(("a", "b")),
        "learning_rate": Range(1e-5, 1e-1, log=True),
        "optimizer": Choices(("sgd", "adamw")),
    }
    rounds = Rounds(tmp_path, width=4, seed=2, start={"arch": "a", "clip": 3.0}, space=space)
    asked = [*rounds.suggest(), *rounds.suggest()]
    params = [suggestion["params"] for suggestion in asked]
    assert params[0] == default_params() | {"arch": "a", "clip": 3.0}
    for name in ("arch", "learning_rate", "optimizer"):
        assert len({one[name] for one in params}) > 1
    still = params[0].keys() - space.keys()
    assert {json.dumps({n: one[n] for n in sorted(still)}) for one in params} == {
        json.dumps({n: params[0][n] for n in sorted(still)})
    }
    chosen = asked[-1]
    rounds.finish(chosen, [0.5])
    trials, record = rounds.best()
    assert record["params"] == chosen["params"]
    assert [trial["params"] for trial in trials] == params
    assert record["searched"] == {name: values.as_record() for name, values in space.items()}
    assert record["importance"] is None  # of one trial


def test_importance_is_of_what_made_the_difference(tmp_path):
    space = {"clip": Range(1.0, 9.0), "image_size": Range(64, 2048)}
    rounds = Rounds(tmp_path, width=LEAST, start={"image_size": 480}, space=space)
    for suggestion in rounds.suggest():
        rounds.finish(suggestion, [suggestion["params"]["clip"] / 10])
    shares = rounds.best()[1]["importance"]
    assert list(shares) == ["clip", "image_size"]
    assert shares["clip"] > 0.8 and sum(shares.values()) == pytest.approx(1)


def test_search_cannot_start_at_a_logarithm_of_nothing(tmp_path):
    with pytest.raises(InputError, match=r"weight_decay: .*cannot start at 0"):
        suggest(None, [], tmp_path / "s", [tmp_path / "a.json"], 1, 4, 1, {"weight_decay": 0.0})


def test_same_seed_same_suggestions(tmp_path):
    def run(name, seed):
        (tmp_path / name).mkdir()
        rounds = Rounds(tmp_path / name, seed=seed)
        first = rounds.suggest()
        for suggestion in first:
            rounds.finish(suggestion, [0.1])
        return [*first, *rounds.suggest()]

    assert run("a", 1) == run("b", 1)
    assert run("c", 2)[1:] != run("a2", 1)[1:]


def test_best_of_two_rounds_with_all_ends_a_trial_can_have(rounds):
    one, two = rounds.suggest()
    rounds.finish(one, [0.1, 0.3])
    rounds.finish(two, [], "fail", "TrainingDiverged: no")
    three, four = rounds.suggest()
    rounds.finish(three, [0.2, 0.4])
    rounds.finish(four, [0.9], "pruned", "below the median")
    trials, record = rounds.best()
    assert record["number"] == three["number"]
    assert record["value"] == 0.4
    assert record["params"] == three["params"]
    assert [record[n] for n in ("trials", "complete", "pruned", "failed")] == [4, 2, 1, 1]
    assert [t["state"] for t in trials] == ["complete", "fail", "complete", "pruned"]
    assert [t["values"] for t in trials] == [[0.1, 0.3], [], [0.2, 0.4], [0.9]]
    assert trials[1]["reason"] == "TrainingDiverged: no"
    assert [t["params"] for t in trials] == [s["params"] for s in (one, two, three, four)]


def test_inputs_are_not_edited_and_a_repeated_job_gives_the_same(rounds):
    one, two = rounds.suggest()
    before = rounds.study.read_bytes()
    for suggestion in (one, two):
        rounds.finish(suggestion, [0.5])
    results, first = list(rounds.results), rounds.suggest()
    assert (rounds.folder / "study_1.log").read_bytes() == before
    rounds.number, rounds.results = 1, results
    assert rounds.suggest() == first
    with Pruner(rounds.study, first[0]["number"], 3) as pruner:
        pruner.is_hopeless(1, 0.1)
    assert sorted(path.suffix for path in rounds.folder.iterdir()) == [".json"] * 6 + [".log"] * 2


def test_a_result_told_twice_is_harmless(rounds):
    one, two = rounds.suggest()
    rounds.finish(one, [0.5])
    rounds.finish(two, [0.6])
    results = list(rounds.results)
    rounds.suggest()
    rounds.results = results
    trials, record = rounds.best()
    assert (record["complete"], record["value"]) == (2, 0.6)
    assert [t["state"] for t in trials] == ["complete", "complete", "fail", "fail"]
    assert {t["reason"] for t in trials[2:]} == {"no usable result came back"}


def test_result_of_another_study_is_refused(rounds):
    one, _ = rounds.suggest()
    rounds.finish(one | {"number": 7}, [0.5])
    with pytest.raises(InputError, match=r"result_7.json: trial 7 .* different runs"):
        rounds.suggest()


def test_search_without_a_completed_trial_says_why(rounds):
    one, two = rounds.suggest()
    rounds.finish(one, [], "fail", "killed 2 times")
    rounds.finish(two, [], "fail", "out of memory")
    with pytest.raises(InputError, match=r"trial 0: killed 2 times; trial 1: out of memory"):
        rounds.best()


def test_file_that_is_no_journal_is_refused(rounds, tmp_path):
    (tmp_path / "study_1.log").write_text("hello\n")
    rounds.number = 1
    with pytest.raises(InputError, match=r"study_1.log: not a journal"):
        rounds.suggest()


def test_pruner_judges_by_the_median_of_trials_completed_in_earlier_rounds(rounds):
    for level in (0.4, 0.5, 0.6, 0.7):
        for suggestion in rounds.suggest():
            rounds.finish(suggestion, [level / 2, level, level, level])
    running = rounds.suggest()[0]["number"]
    with Pruner(rounds.study, running, epochs=4) as pruner:
        assert pruner.is_hopeless(1, 0.01)  # a third of four epochs has passed
    with Pruner(rounds.study, running, epochs=12) as pruner:
        assert not pruner.is_hopeless(1, 0.01)
    with Pruner(rounds.study, running, epochs=4) as pruner:
        assert not pruner.is_hopeless(1, 0.29)
        assert not pruner.is_hopeless(2, 0.56)
    with pytest.raises(InputError, match="no running trial 0"):
        Pruner(rounds.study, 0, epochs=4)


def test_pruner_waits_for_four_completed_trials(rounds):
    for suggestion in rounds.suggest():
        rounds.finish(suggestion, [0.9, 0.9, 0.9])
    with Pruner(rounds.folder / "study_1.log", 0, epochs=3) as pruner:
        assert not pruner.is_hopeless(2, 0.0)


@pytest.mark.parametrize(("error", "winner"), [(0.05, 1), (0.15, 0)])
def test_start_is_kept_unless_beaten_by_more_than_its_error(rounds, error, winner):
    first, second = rounds.suggest()
    rounds.finish(first, [0.3], error=error)
    rounds.finish(second, [0.4], error=error)
    trials, record = rounds.best()
    assert record["params"] == (first, second)[winner]["params"]
    assert (record["number"], record["highest"], record["error"]) == (winner, 0.4, error)
    assert [trial["error"] for trial in trials] == [error, error]


def test_without_a_completed_start_the_highest_wins(rounds):
    first, second = rounds.suggest()
    rounds.finish(first, [0.1], "fail", "killed")
    rounds.finish(second, [0.2], error=0.5)
    assert rounds.best()[1]["number"] == second["number"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"optimizer": "lion"}, "'lion', expected one of adamw, sgd"),
        ({"learning_rate": 0}, "'learning_rate' is 0"),
        ({"augmentation": 1.5}, "'augmentation' is 1.5"),
        ({"momentum": 0.9}, "unknown parameter 'momentum'"),
    ],
)
def test_recipe_refuses_what_it_does_not_know(params, message):
    with pytest.raises(InputError, match=message):
        Recipe.from_params(params)
