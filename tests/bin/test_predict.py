"""``bin/predict.py`` by its command line."""

import json

from utils.dataset.shards import read_shard

ARGUMENTS = (
    *("--model", "mask_detection_model.pth", "--photos", "predict_0.tar"),
    *("--predictions", "predictions_0.json", "--images", "predicted_images_0.tar"),
)


def test_every_photograph_is_predicted_and_drawn(execute, scratch) -> None:
    done = execute("predict.py", scratch, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    record = json.loads((scratch / "predictions_0.json").read_text())
    assert (record["schema"], record["threshold"]) == (2, 0.2)
    assert [photo["file"] for photo in record["photos"]] == [f"photo{n}.png" for n in (1, 2, 3)]
    assert {(photo["width"], photo["height"]) for photo in record["photos"]} == {(96, 60)}
    for photo in record["photos"]:
        confidences = [face["confidence"] for face in photo["faces"]]
        assert confidences == sorted(confidences, reverse=True)
        assert all(confidence >= 0.05 for confidence in confidences)
        assert all(len(face["probabilities"]) == 4 for face in photo["faces"])
    drawings = [photo.filename for photo in read_shard(scratch / "predicted_images_0.tar")]
    assert drawings == ["photo1.jpg", "photo2.jpg", "photo3.jpg"]
