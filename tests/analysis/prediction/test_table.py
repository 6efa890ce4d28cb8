from utils.analysis.prediction.summary import summarise
from utils.analysis.prediction.table import predictions_table


def test_a_line_a_photograph_and_their_sums() -> None:
    face = {"box": [0, 0, 9, 9], "class": "with_mask", "confidence": 0.9}
    bare = face | {"class": "without_mask", "confidence": 0.62}
    photos = [
        summarise({"name": "a", "file": "a.jpg", "faces": [face, bare]}, 0.5),
        summarise({"name": "b", "file": "a long name.png", "faces": [face]}, 0.5),
        summarise({"name": "c", "file": "c.png", "faces": []}, 0.5),
    ]
    text = predictions_table(photos, 0.5, [{"file": "d.jpg", "reason": "not an image"}])
    lines = text.splitlines()
    assert lines[3].split() == ["a.jpg", "2", "1", "1", "0", "0.62"]
    assert lines[4].split() == ["a", "long", "name.png", "1", "1", "0", "0", "0.90"]
    assert lines[5].split() == ["c.png", "0", "0", "0", "0", "-"]
    assert lines[6].split() == ["all", "3", "2", "1", "0"]
    assert lines[7] == "# not read: d.jpg: not an image"
    assert lines[3].index("0.62") == lines[4].index("0.90")
