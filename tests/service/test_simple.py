"""Photographs in, faces out: every way to send them, and what the answers say."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image

from tests.service.fakes import faces
from utils.dataset.labels import CLASSES

JPEG = {"Content-Type": "image/jpeg"}


def data_url(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def test_the_bytes_of_a_photograph_give_its_faces(client, model, jpeg):
    told = client.post("/predict", content=jpeg, headers=JPEG).json()
    (photo,) = told["photographs"]
    assert photo["faces"] == model.found.above(0.5).as_record()
    assert (photo["width"], photo["height"]) == (60, 40)
    assert photo["counts"] == {CLASSES[0]: 1, CLASSES[1]: 0, CLASSES[2]: 0}
    assert {"wait", "decode", "detect", "total"} <= photo["milliseconds"].keys()
    assert told["threshold"] == 0.5
    assert told["model"] == {
        "name": "box", "version": "ab" * 6, "digest": "ab" * 32, "arch": "fake"
    }  # fmt: skip


@pytest.mark.parametrize("kind", [None, "application/octet-stream", "image/png"])
def test_what_curl_sends_is_read_whatever_it_calls_it(client, png, kind):
    headers = {} if kind is None else {"Content-Type": kind}
    assert client.post("/predict", content=png, headers=headers).status_code == 200
    headers = {"Content-Type": "application/x-www-form-urlencoded"}  # of curl --data-binary
    assert client.post("/predict", content=png, headers=headers).status_code == 200


def test_a_form_gives_its_files_in_their_order_and_by_their_names(client, jpeg, png):
    files = [("file", ("a.jpg", jpeg)), ("more", ("../../b.png", png)), ("file", ("a.jpg", png))]
    told = client.post("/predict", files=files, data={"other": "word"}).json()
    assert [photo["file"] for photo in told["photographs"]] == ["a.jpg", "b.png", "a.jpg (2)"]
    assert [photo["width"] for photo in told["photographs"]] == [60, 9, 9]


@pytest.mark.parametrize("path", ["/predict", "/v2/models/box/predict"])
def test_a_data_url_is_read_as_by_mlrun(client, jpeg, path):
    told = client.post(path, json={"data_url": data_url(jpeg)}).json()
    assert [photo["width"] for photo in told["photographs"]] == [60]
    told = client.post(path, json={"data_url": [data_url(jpeg)] * 2}).json()
    assert len(told["photographs"]) == 2


def test_another_threshold_tells_other_faces(client, jpeg):
    told = client.post("/predict?threshold=0.2", content=jpeg, headers=JPEG).json()
    assert [face["confidence"] for face in told["photographs"][0]["faces"]] == [0.9, 0.3]
    assert told["threshold"] == 0.2
    wrong = client.post("/predict?threshold=2", content=jpeg, headers=JPEG)
    assert (wrong.status_code, wrong.json()["field"]) == (422, "threshold")


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("/predict?treshold=0.2", "did you mean threshold?"),
        ("/rate?threshold=0.2", "there are model"),
        ("/v2/models/box/predict?draw=1&model=box", "there are version, threshold, draw"),
    ],
)
def test_a_parameter_that_would_do_nothing_is_refused(client, model, jpeg, path, fix):
    answer = client.post(path, content=jpeg, headers=JPEG)
    assert (answer.status_code, answer.json()["fix"]) == (422, fix)
    assert model.begun == 0


def test_draw_answers_with_the_picture(client, jpeg):
    one = client.post("/predict?draw=1", content=jpeg, headers=JPEG)
    assert one.headers["content-type"] == "image/jpeg"
    assert max(Image.open(io.BytesIO(one.content)).size) >= 1000
    both = client.post("/predict?draw=1", json={"data_url": [data_url(jpeg)] * 2}).json()
    for photo in both["photographs"]:
        head, _, data = photo["picture"].partition(",")
        assert head == "data:image/jpeg;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).format == "JPEG"


def test_a_photograph_is_turned_as_its_exif_says(client, model):
    image = Image.fromarray(np.zeros((40, 60, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = 6
    file = io.BytesIO()
    image.save(file, "JPEG", exif=exif)
    told = client.post("/predict", content=file.getvalue(), headers=JPEG).json()
    assert (told["photographs"][0]["width"], told["photographs"][0]["height"]) == (40, 60)
    assert model.seen[0].shape == (60, 40, 3)


def test_one_bad_photograph_of_several_spoils_no_other(client, jpeg):
    files = [("file", ("good.jpg", jpeg)), ("file", ("bad.jpg", jpeg[:100]))]
    told = client.post("/predict", files=files)
    assert told.status_code == 200
    good, bad = told.json()["photographs"]
    assert len(good["faces"]) == 1
    assert bad["file"] == "bad.jpg"
    assert "not a readable image" in bad["error"] or "cannot be decoded" in bad["error"]
    assert bad["fix"]


@pytest.mark.parametrize(
    ("content", "status", "words"),
    [
        (b"", 422, "there is no photograph"),
        (b"no photograph", 422, "not a readable image"),
        (b"%PDF-1.7", 415, "PDF"),
        (b"PK\3\4....", 415, "archive"),
        (b"<html>", 415, "HTML"),
    ],
)
def test_what_is_no_photograph_is_refused_with_the_reason_and_the_fix(
    client, content, status, words
):
    answer = client.post("/predict", content=content, headers=JPEG)
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert answer.json()["fix"]


@pytest.mark.parametrize("kind", ["text/plain", "video/mp4", "application/pdf"])
def test_other_kinds_of_bodies_are_refused(client, jpeg, kind):
    answer = client.post("/predict", content=jpeg, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["field"]) == (415, "Content-Type")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data_url": 7}, 422),
        ({"data_url": []}, 422),
        ({}, 422),
        ({"data_url": "data:nothing"}, 422),
        ({"data_url": "data:image/png;base64,%%%"}, 422),
        ({"data_url": "data:image/png;base64,\ud800"}, 422),
    ],
)
def test_json_without_a_photograph_is_refused(client, sent, status):
    headers = {"Content-Type": "application/json"}
    answer = client.post("/predict", content=json.dumps(sent), headers=headers)
    assert answer.status_code == status


def test_a_model_is_asked_by_its_name(client, jpeg):
    assert client.post("/predict?model=box", content=jpeg, headers=JPEG).status_code == 200
    answer = client.post("/predict?model=bax", content=jpeg, headers=JPEG)
    assert (answer.status_code, answer.json()["fix"]) == (404, "did you mean box?")


def test_a_rate_counts_the_faces_of_all_photographs(client, model, jpeg, png):
    model.found = faces(0.9, 0.8, label=2)
    files = [("file", ("a.jpg", jpeg)), ("file", ("b.png", png)), ("file", ("c.jpg", b"BMno"))]
    told = client.post("/rate", files=files).json()
    assert told["people"]["found"] == 4
    assert told["properly_masked"]["raw_share"] == 0
    assert told["uncorrected"].startswith("the model file does not hold what a test showed")
    assert [one["file"] for one in told["skipped"]] == ["c.jpg"]
    assert told["model"]["digest"] == "ab" * 32
    assert told["answer"]


def test_a_rate_of_nothing_readable_says_why(client):
    answer = client.post("/rate", content=b"BMno", headers=JPEG)
    assert answer.status_code == 422
    assert answer.json()["file"] == "photograph"
