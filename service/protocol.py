"""Tensors of the Open Inference Protocol v2, in JSON or, by its extension, as binary data.

A photograph is one element of a tensor of datatype BYTES: in binary data the bytes of its file, in
JSON their base64, because JSON has no bytes, or a ``data:`` URL.
"""

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from service.models import Served
from service.problems import Problem
from service.uploads import json_object, of_base64, of_data_url
from utils.dataset.labels import CLASSES, TITLES
from utils.errors import brief
from utils.metrics.detections import Detections

HEADER_LENGTH = "Inference-Header-Content-Length"
"""Where the JSON of a body ends, and its binary data begin."""

PHOTOGRAPHS = "photographs"
EXTENSIONS = ["binary_tensor_data", "model_repository"]

_SIZE = struct.Struct("<I")
_TYPES = {"INT64": "<i8", "FP32": "<f4"}
OUTPUTS = {
    "faces": ("INT64", [-1]),
    "boxes": ("FP32", [-1, 4]),
    "classes": ("BYTES", [-1]),
    "confidences": ("FP32", [-1]),
    "probabilities": ("FP32", [-1, len(TITLES)]),
}
"""Datatype and shape: how many faces each photograph has, and then all faces one after another."""


def metadata(served: Served) -> dict[str, Any]:
    """Return what the protocol tells of a model, and under ``parameters`` what else is known."""
    model = served.model
    told: dict[str, Any] = {
        **served.origin(),
        "threshold": float(model.threshold),
        "classes": list(CLASSES),
    }
    if served.evaluation is not None:
        told["test"] = {
            "photos": served.evaluation["photos"],
            "faces": served.evaluation["faces"],
            "average_precision": served.evaluation["average_precision"],
            "operating_point": served.evaluation["operating_point"],
        }
    return {
        "name": served.name,
        "versions": [served.version],
        "platform": "pytorch",
        "inputs": [{"name": PHOTOGRAPHS, "datatype": "BYTES", "shape": [-1]}],
        "outputs": [
            {"name": name, "datatype": kind, "shape": shape}
            for name, (kind, shape) in OUTPUTS.items()
        ],
        "parameters": told,
    }


@dataclass(frozen=True)
class Asked:
    """A request for inference.

    Attributes
    ----------
    id
        That the client gave it, or "".
    photographs
        The bytes of their files.
    threshold
        Confidence from which faces are told; None for the model's.
    outputs
        Wanted outputs, and whether each is to be binary.
    """

    id: str
    photographs: list[bytes]
    threshold: float | None
    outputs: dict[str, bool] = field(default_factory=dict)


def parse(body: bytes, header_length: str | None, most: int) -> Asked:
    """Return what a body asks for.

    Parameters
    ----------
    header_length
        The header `HEADER_LENGTH`, if there is one.
    most
        Photographs in one request.

    Raises
    ------
    Problem
        400 if it is not of the protocol, 413 if there are more.
    """
    head, data = body, b""
    if header_length is not None:
        if not header_length.isdecimal() or len(header_length) > 12:
            raise _wrong(HEADER_LENGTH, "is no number of bytes")
        length = int(header_length)
        if length > len(body):
            raise _wrong(HEADER_LENGTH, "is more than the body has")
        head, data = body[:length], body[length:]
    record = json_object(head)
    inputs = record.get("inputs")
    if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
        raise _wrong("inputs", f"expected one tensor, {PHOTOGRAPHS}")
    parameters = _object(record, "parameters")
    return Asked(
        id=_text(record, "id"),
        photographs=_photographs(inputs[0], data, most),
        threshold=_threshold(parameters),
        outputs=_outputs(record, parameters.get("binary_data_output") is True),
    )


def answer(
    asked: Asked, served: Served, threshold: float, found: Sequence[Detections], ms: float
) -> tuple[bytes, int | None]:
    """Return the body of the answer, and where its JSON ends if binary data follow.

    Parameters
    ----------
    threshold
        Confidence from which `found`, one a photograph, were kept.
    ms
        Milliseconds that it took.
    """
    labels = [CLASSES[label - 1] for faces in found for label in faces.labels]
    values: dict[str, Any] = {
        "faces": np.array([len(faces) for faces in found], np.int64),
        "boxes": _joined([faces.boxes for faces in found], 4),
        "classes": labels,
        "confidences": np.concatenate([faces.scores for faces in found]),
        "probabilities": _joined([faces.probabilities for faces in found], len(TITLES)),
    }
    outputs, parts = [], []
    for name, binary in asked.outputs.items():
        kind, _ = OUTPUTS[name]
        value = values[name]
        shape = [len(value)] if kind == "BYTES" else list(value.shape)
        output: dict[str, Any] = {"name": name, "datatype": kind, "shape": shape}
        if binary:
            parts.append(_binary(value, kind))
            output["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            output["data"] = _plain(value, kind)
        outputs.append(output)
    record = {
        "model_name": served.name,
        "model_version": served.version,
        "id": asked.id,
        "parameters": {
            "threshold": threshold,
            **served.origin(),
            "milliseconds": round(ms, 1),
        },
        "outputs": outputs,
    }
    head = json.dumps(record, allow_nan=False).encode()
    return head + b"".join(parts), len(head) if parts else None


def _photographs(tensor: dict[str, Any], data: bytes, most: int) -> list[bytes]:
    if tensor.get("name") != PHOTOGRAPHS:
        raise _wrong("inputs", f"the tensor is {brief(tensor.get('name'))!r}, not {PHOTOGRAPHS}")
    if tensor.get("datatype") != "BYTES":
        raise _wrong("datatype", "expected BYTES")
    shape = tensor.get("shape")
    if not isinstance(shape, list) or not all(type(side) is int and side >= 0 for side in shape):
        raise _wrong("shape", "expected a list of whole numbers")
    if any(side > most for side in shape) or len(shape) > 8:
        raise _too_many(most)
    size = _object(tensor, "parameters").get("binary_data_size")
    if size is None:
        found = [_of_text(one) for one in _flat(tensor.get("data"), len(shape))]
    elif type(size) is not int or size != len(data):
        raise _wrong("binary_data_size", f"is not {len(data)}, the bytes that follow the JSON")
    else:
        found = _elements(data, most)
    if len(found) != int(np.prod(shape, dtype=object)):
        raise _wrong("shape", f"does not fit {len(found)} elements")
    if not found:
        raise _wrong("data", "holds no photograph")
    return found


def _elements(data: bytes, most: int) -> list[bytes]:
    """Return the elements of a BYTES tensor: each after its length in four bytes."""
    found, place = [], 0
    while place < len(data):
        if len(found) == most:  # where none has a byte, a body has millions
            raise _too_many(most)
        if place + _SIZE.size > len(data):
            raise _wrong("data", "ends within the length of an element")
        (length,) = _SIZE.unpack_from(data, place)
        place += _SIZE.size
        if place + length > len(data):
            raise _wrong("data", "ends within an element")
        found.append(data[place : place + length])
        place += length
    return found


def _of_text(text: object) -> bytes:
    if not isinstance(text, str):
        raise _wrong("data", "expected photographs in base64")
    if text[:5].lower() == "data:":
        return of_data_url(text)
    try:
        return of_base64(text)
    except ValueError as error:
        raise _wrong("data", f"is no base64 ({brief(error)})") from error


def _flat(data: object, sides: int) -> list[Any]:
    """Return the elements of a tensor, whose rows may be lists of their own, as its sides say."""
    if not isinstance(data, list):
        raise _wrong("data", "expected a list")
    found: list[Any] = []
    for one in data:
        if isinstance(one, list) and sides < 2:
            raise _wrong("data", "is nested more deeply than its shape")
        found += _flat(one, sides - 1) if isinstance(one, list) else [one]
    return found


def _outputs(record: dict[str, Any], binary: bool) -> dict[str, bool]:
    wanted = record.get("outputs")
    if not wanted:
        return dict.fromkeys(OUTPUTS, binary)
    if not isinstance(wanted, list):
        raise _wrong("outputs", "expected a list")
    found = {}
    for one in wanted:
        name = one.get("name") if isinstance(one, dict) else None
        if not isinstance(name, str) or name not in OUTPUTS:
            raise _wrong("outputs", f"there are {', '.join(OUTPUTS)}")
        found[name] = _object(one, "parameters").get("binary_data", binary) is True
    return found


def _threshold(parameters: dict[str, Any]) -> float | None:
    value = parameters.get("threshold")
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 <= value <= 1:
        raise _wrong("threshold", "expected a number in 0..1")
    return float(value)


def _object(record: dict[str, Any], name: str) -> dict[str, Any]:
    value = record.get(name, {})
    if not isinstance(value, dict):
        raise _wrong(name, "expected an object")
    return value


def _text(record: dict[str, Any], name: str) -> str:
    value = record.get(name, "")
    if not isinstance(value, str) or len(value) > 200:
        raise _wrong(name, "expected a short text")
    return value


def _joined(parts: Sequence[np.ndarray], columns: int) -> np.ndarray:
    return np.concatenate([np.asarray(part, np.float32).reshape(-1, columns) for part in parts])


def _binary(value: Any, kind: str) -> bytes:
    if kind != "BYTES":
        return value.astype(_TYPES[kind]).tobytes()
    words = [word.encode() for word in value]
    return b"".join(_SIZE.pack(len(word)) + word for word in words)


def _plain(value: Any, kind: str) -> list[Any]:
    """Return a tensor's elements in a row, floats as shortly as gives the same float32 back."""
    if kind == "FP32":
        return [float(str(one)) for one in value.ravel()]
    return value if kind == "BYTES" else value.tolist()


def _too_many(most: int) -> Problem:
    return Problem(413, "too_many", f"there are more than {most} photographs", field="shape")


def _wrong(name: str, why: str) -> Problem:
    return Problem(
        400, "protocol", f"{name}: {why}", field=name, fix="GET /v2/models/NAME tells the tensors"
    )
