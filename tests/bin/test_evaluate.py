"""``bin/evaluate.py`` by its command line."""

import json

from PIL import Image

PICTURES = ("confusion_matrix.png", "precision_recall.png", "calibration.png", "mistakes.png")
ARGUMENTS = (
    *("--model", "mask_detection_model.pth", "--test", "test_clean.tar", "--seed", "1"),
    *("--json", "evaluation.json", "--text", "evaluation.txt"),
    *("--pictures", *PICTURES),
)


def test_numbers_text_and_pictures_are_written(execute, scratch, model) -> None:
    done = execute("evaluate.py", scratch, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    record = json.loads((scratch / "evaluation.json").read_text())
    assert record["schema"] == 2
    assert record["photos"] == 4
    assert record["threshold"] == 0.2
    assert record["faces"] == {"with_mask": 3, "without_mask": 2, "mask_weared_incorrect": 1}
    assert sum(map(sum, record["confusion"][1:])) == 6
    assert "4 test photographs, 6 faces" in (scratch / "evaluation.txt").read_text()
    for picture in PICTURES:
        assert Image.open(scratch / picture).format == "PNG"


def test_a_damaged_model_is_refused_and_no_output_is_missing(execute, scratch) -> None:
    (scratch / "mask_detection_model.pth").unlink()
    (scratch / "mask_detection_model.pth").write_bytes(b"not a model")
    done = execute("evaluate.py", scratch, *ARGUMENTS)
    assert done.returncode == 2
    assert "mask_detection_model.pth: is a text file, not a whole file of tensors" in done.stderr
    for name in ("evaluation.json", "evaluation.txt", *PICTURES):
        assert (scratch / name).exists()
