"""The Open Inference Protocol v2, as its text has it, in JSON and in binary."""

import base64
import json
import struct
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service import protocol
from service.problems import Problem
from tests.service.fakes import FakeModel, faces
from utils.dataset.labels import CLASSES

INFER = "/v2/models/box/infer"
LENGTH = "Inference-Header-Content-Length"


def asked(*photographs: bytes, **more) -> dict:
    data = [base64.b64encode(one).decode() for one in photographs]
    tensor = {"name": "photographs", "datatype": "BYTES", "shape": [len(data)], "data": data}
    return {"inputs": [tensor], **more}


def binary(*photographs: bytes, **more) -> tuple[bytes, dict[str, str]]:
    """A request with binary data, and its headers."""
    data = b"".join(struct.pack("<I", len(one)) + one for one in photographs)
    tensor = {"name": "photographs", "datatype": "BYTES", "shape": [len(photographs)]}
    tensor["parameters"] = {"binary_data_size": len(data)}
    head = json.dumps({"inputs": [tensor], **more}).encode()
    return head + data, {LENGTH: str(len(head))}


def by_name(answer: dict) -> dict:
    return {one["name"]: one for one in answer["outputs"]}


def test_the_server_tells_what_it_is(client):
    assert client.get("/v2").json() == {
        "name": "mask-detection",
        "version": "2",
        "extensions": ["binary_tensor_data", "model_repository"],
    }
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True, "reasons": []}


@pytest.mark.parametrize("path", ["/v2/models/box", "/v2/models/box/versions/" + "ab" * 6])
def test_a_model_tells_its_tensors(client, path):
    told = client.get(path).json()
    assert told["versions"] == ["ab" * 6]
    assert told["inputs"] == [{"name": "photographs", "datatype": "BYTES", "shape": [-1]}]
    assert [one["name"] for one in told["outputs"]] == list(protocol.OUTPUTS)
    assert told["parameters"]["threshold"] == 0.5
    assert client.get(path + "/ready").json()["ready"] is True
    assert client.get("/v2/models/box/versions/1").status_code == 404


def test_json_in_json_out(client, model, jpeg, png):
    model.found = faces(0.9, 0.7, 0.3, label=2)
    answer = client.post(INFER, json=asked(jpeg, png, id="mine")).json()
    assert (answer["model_name"], answer["id"]) == ("box", "mine")
    assert answer["model_version"] == "ab" * 6
    told = by_name(answer)
    assert told["faces"]["data"] == [2, 2]
    assert told["classes"]["data"] == [CLASSES[1]] * 4
    assert told["boxes"]["shape"] == [4, 4]
    assert told["boxes"]["data"][:4] == [2, 3, 12, 13]
    assert told["confidences"]["data"] == [0.9, 0.7, 0.9, 0.7]
    assert told["probabilities"]["shape"] == [4, 4]
    assert answer["parameters"]["threshold"] == 0.5


def test_the_threshold_and_the_outputs_can_be_chosen(client, jpeg):
    more = {"parameters": {"threshold": 0.1}, "outputs": [{"name": "confidences"}]}
    told = client.post(INFER, json=asked(jpeg, **more)).json()
    assert [one["name"] for one in told["outputs"]] == ["confidences"]
    assert told["outputs"][0]["data"] == [0.9, 0.3]


def test_no_face_is_an_answer(client, model, jpeg):
    model.found = faces()
    told = by_name(client.post(INFER, json=asked(jpeg)).json())
    assert told["faces"]["data"] == [0]
    assert told["boxes"]["shape"] == [0, 4]


def test_a_data_url_will_do_for_base64(client, jpeg):
    sent = asked(jpeg)
    sent["inputs"][0]["data"] = ["data:image/jpeg;base64," + sent["inputs"][0]["data"][0]]
    assert client.post(INFER, json=sent).status_code == 200


def test_binary_in_binary_out(client, jpeg, png):
    body, headers = binary(jpeg, png, parameters={"binary_data_output": True})
    answer = client.post(INFER, content=body, headers=headers)
    head = int(answer.headers[LENGTH])
    told, data = by_name(json.loads(answer.content[:head])), answer.content[head:]
    values, place = {}, 0
    for name, one in told.items():
        size = one["parameters"]["binary_data_size"]
        values[name], place = data[place : place + size], place + size
    assert place == len(data)
    assert np.frombuffer(values["faces"], "<i8").tolist() == [1, 1]
    assert np.frombuffer(values["boxes"], "<f4").reshape(-1, 4).tolist() == [[2, 3, 12, 13]] * 2
    word = CLASSES[0].encode()
    assert values["classes"] == (struct.pack("<I", len(word)) + word) * 2


def test_one_output_can_be_binary_and_another_not(client, jpeg):
    outputs = [{"name": "faces", "parameters": {"binary_data": True}}, {"name": "classes"}]
    body, headers = binary(jpeg, outputs=outputs)
    answer = client.post(INFER, content=body, headers=headers)
    told = by_name(json.loads(answer.content[: int(answer.headers[LENGTH])]))
    assert told["faces"]["parameters"] == {"binary_data_size": 8}
    assert told["classes"]["data"] == [CLASSES[0]]


def test_a_photograph_that_cannot_be_read_is_named(client, jpeg):
    answer = client.post(INFER, json=asked(jpeg, b"nothing"))
    assert (answer.status_code, answer.json()["file"]) == (422, "photograph 2")


def tensor(**changed) -> dict:
    sent = asked(b"BM")
    sent["inputs"][0] |= changed
    return sent


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ([], None),
        ({}, "inputs"),
        ({"inputs": []}, "inputs"),
        ({"inputs": [1]}, "inputs"),
        ({"inputs": asked(b"BM")["inputs"] * 2}, "inputs"),
        (tensor(name="image"), "inputs"),
        (tensor(datatype="UINT8"), "datatype"),
        (tensor(shape=[2]), "shape"),
        (tensor(shape=[-1]), "shape"),
        (tensor(shape=[True]), "shape"),
        (tensor(shape="1"), "shape"),
        (tensor(data=["%"]), "data"),
        (tensor(data=[1]), "data"),
        (tensor(data=None), "data"),
        (tensor(data=[], shape=[0]), "data"),
        (tensor(data=[["Qk0="]]), "data"),
        (tensor(data=[[["Qk0="]]], shape=[1, 1]), "data"),
        (tensor(shape=[1.0]), "shape"),
        (tensor(shape=[8] * 8), "shape"),
        (tensor(parameters={"binary_data_size": 9}), "binary_data_size"),
        (tensor(parameters=[]), "parameters"),
        ({**asked(b"BM"), "id": 1}, "id"),
        ({**asked(b"BM"), "outputs": [{"name": "x"}]}, "outputs"),
        ({**asked(b"BM"), "outputs": {"name": "x"}}, "outputs"),
        ({**asked(b"BM"), "parameters": {"threshold": 2}}, "threshold"),
        ({**asked(b"BM"), "parameters": {"threshold": True}}, "threshold"),
    ],
)
def test_what_is_not_of_the_protocol_is_refused_by_its_field(client, sent, field):
    answer = client.post(INFER, json=sent)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("shape", [[10**9], [2**63], [2**64, 0], [1] * 9])
def test_a_tensor_of_too_many_photographs_is_refused(client, shape):
    assert client.post(INFER, json=tensor(shape=shape)).status_code == 413


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999", "-1e-9"])
def test_numbers_that_are_none_are_no_threshold(client, number):
    body = json.dumps({**asked(b"BM"), "parameters": {"threshold": 7}}).replace("7", number)
    answer = client.post(INFER, content=body)
    assert (answer.status_code, answer.json()["field"]) == (400, "threshold")


def test_millions_of_empty_elements_are_not_counted_to_their_end(client):
    body, headers = binary(*[b""] * 65)
    assert client.post(INFER, content=body, headers=headers).status_code == 413
    start = time.process_time()
    body, headers = binary(bytes(40_000_000)[4:])  # as one element, it is refused by its length
    length = int(headers[LENGTH])
    with pytest.raises(Problem) as problem:
        protocol.parse(body[:length] + bytes(len(body) - length), headers[LENGTH], 64)
    assert problem.value.status == 413
    assert time.process_time() - start < 1


def test_rows_of_a_tensor_are_read_as_its_shape_says(client, jpeg):
    rows = asked(jpeg)["inputs"][0]["data"]
    assert client.post(INFER, json=tensor(data=[rows, rows], shape=[2, 1])).status_code == 200


@pytest.mark.parametrize("length", ["-1", "x", "999999", "9" * 30])
def test_a_wrong_length_of_the_json_is_refused(client, jpeg, length):
    body, _ = binary(jpeg)
    assert client.post(INFER, content=body, headers={LENGTH: length}).status_code == 400


@pytest.mark.parametrize("cut", [1, 3, 50])
def test_binary_data_that_are_cut_off_are_refused(client, jpeg, cut):
    body, headers = binary(jpeg)
    assert client.post(INFER, content=body[:-cut], headers=headers).status_code == 400
    assert client.post(INFER, content=body + b"\0" * cut, headers=headers).status_code == 400


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["inputs", "name", "datatype", "shape", "data", "parameters", "outputs", "id"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values, st.binary(max_size=30), st.none() | st.integers(-2, 40))
@settings(max_examples=100)
def test_whatever_comes_is_parsed_or_refused(value, data, length):
    body = json.dumps(value).encode()
    header = None if length is None else str(len(body) if length > 30 else length)
    try:
        protocol.parse(body + data, header, 4)
    except Problem as problem:
        assert problem.status in (400, 413, 422)


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=4))
def test_elements_come_back_as_they_were_sent(photographs):
    body, headers = binary(*photographs)
    assert protocol.parse(body, headers[LENGTH], 4).photographs == photographs


def test_every_model_tells_what_its_test_showed():
    from service.models import Served

    test = dict.fromkeys(("photos", "faces", "average_precision", "operating_point"), 1)
    told = protocol.metadata(Served("a", FakeModel(), None, {**test, "per_photo": []}))
    assert told["parameters"]["test"] == test
