from utils.analysis.prediction.summary import summarise
from utils.analysis.report.gallery import choose, load_drawings, most_telling


def prediction(name: str, *faces: tuple[str, float]) -> dict:
    return {
        "name": name,
        "file": f"{name}.jpg",
        "faces": [{"box": [0, 0, 9, 9], "class": kind, "confidence": c} for kind, c in faces],
    }


def summary(name: str, *confidences: float, kind: str = "with_mask") -> dict:
    return summarise(prediction(name, *((kind, c) for c in confidences)), 0.5)


def test_surest_and_most_doubtful_are_chosen_and_none_twice() -> None:
    photos = [
        summary("a", 0.99),
        summary("b", 0.97, 0.6, 0.55),
        summary("c", 0.95, 0.9),
        summary("d", 0.45),
        summary("e", 0.1),
        summary("f", 0.7),
    ]
    certain, doubtful = choose(photos)
    assert [photo["name"] for photo in certain] == ["a", "c"]
    assert [photo["name"] for photo in doubtful] == ["b", "d"]


def test_the_most_telling_photograph_shows_most_classes_then_most_people() -> None:
    both = summarise(prediction("both", ("with_mask", 0.9), ("without_mask", 0.9)), 0.5)
    assert most_telling([summary("many", *[0.9] * 9), both, summary("one", 0.99)]) == "both"
    assert most_telling([summary("one", 0.99), summary("many", *[0.9] * 9)]) == "many"
    assert most_telling([]) is None


def test_drawings_are_found_in_any_shard(photo, shard) -> None:
    shards = [shard("0.tar", photo("a"), photo("c")), shard("1.tar", photo("b"))]
    assert load_drawings(shards, {"b", "c", "x"}).keys() == {"b", "c"}
