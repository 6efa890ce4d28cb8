"""Bodies of requests that are broken, or meant to break something: one a call, of a seed."""

import base64
import json
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

LENGTH = "Inference-Header-Content-Length"
FORM = "multipart/form-data; boundary=x"
JSON = "application/json"
PATHS = ("/predict", "/rate", "/predict?draw=1", "/v2/models/box/predict", "/v2/models/box/infer")
KINDS = ("image/jpeg", FORM, JSON, "text/plain", "", "multipart/form-data", "application/x", "\xff")
EVIL = (
    "../../etc/passwd",
    "/etc/passwd",
    "a\0b.jpg",
    "<script>alert(1)</script>",
    "%00%0d%0aX: y",
    "${jndi:ldap://x}",
    "a" * 5000,
    "\u202egpj.exe",
    "CON",
)
ADDRESSES = (
    "file:///etc/passwd",
    "https://127.0.0.1/",
    "https://[::ffff:127.0.0.1]/",
    "https://2130706433/",
    "http://169.254.169.254/latest/meta-data/",
    "data:image/png;base64,!!!",
    "data:",
    "javascript:alert(1)",
    "\x00",
)


@dataclass
class Hostile:
    """A request that no client should send."""

    body: bytes
    path: str
    headers: dict[str, str] = field(default_factory=dict)


def hostile(seed: int, jpeg: bytes, png: bytes) -> Hostile:
    """Return the request of a seed, made of sound photographs."""
    rng = random.Random(seed)  # noqa: S311 (no secret)
    make = rng.choice(MAKERS)
    sent = make(rng, jpeg, png)
    if rng.random() < 0.3:
        sent.body = broken(rng, sent.body)
    return sent


def broken(rng: random.Random, data: bytes) -> bytes:
    """Return bytes with some changed, cut off, doubled or put in."""
    found = bytearray(data)
    for _ in range(rng.randrange(1, 8)):
        place = rng.randrange(len(found) + 1)
        what = rng.randrange(4)
        if what == 0 and place < len(found):
            found[place] ^= 1 << rng.randrange(8)
        elif what == 1:
            del found[place : place + rng.choice((1, 4, 1000))]
        elif what == 2:
            found[place:place] = rng.randbytes(rng.choice((1, 4, 100)))
        else:
            found[place:place] = found[place : place + 50]
    return bytes(found)


def raw(rng: random.Random, jpeg: bytes, png: bytes) -> Hostile:
    """A photograph that is broken, or none."""
    body = rng.choice((broken(rng, jpeg), broken(rng, png), rng.randbytes(rng.randrange(300)), b""))
    return Hostile(body, rng.choice(PATHS), kind(rng))


def bomb(rng: random.Random, jpeg: bytes, png: bytes) -> Hostile:
    """A small PNG that says it is large, holds very much, or has a chunk that expands."""
    side = rng.choice((1, 100, 6000, 60_000, 2**31 - 1, 0))
    data = rng.choice((100, 5_000_000))
    chunks = [
        chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, rng.choice((1, 8, 16)), 2, 0, 0, 0))
    ]
    if rng.random() < 0.5:
        name = rng.choice((b"zTXt", b"iCCP", b"iTXt", b"eXIf", b"acTL"))
        chunks.append(chunk(name, b"a\0\0" + zeros(20_000_000)))
    chunks += [chunk(b"IDAT", zeros(data)), chunk(b"IEND", b"")]
    return Hostile(b"\x89PNG\r\n\x1a\n" + b"".join(chunks), rng.choice(PATHS[:4]))


@cache
def zeros(count: int) -> bytes:
    """Return so many zeros, compressed."""
    return zlib.compress(bytes(count))


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def form(rng: random.Random, jpeg: bytes, png: bytes) -> Hostile:
    """A form with odd names, odd heads, missing ends and many parts."""
    parts = []
    for _ in range(rng.choice((1, 2, 5, 120))):
        name = rng.choice(EVIL)
        head = f'Content-Disposition: form-data; name="f"; filename="{name}"'
        extra = rng.choice(("", "\r\nContent-Type: " + name, "\r\nX: " + "y" * 9000, "\r\n: :"))
        parts.append(f"--x\r\n{head}{extra}\r\n\r\n".encode() + rng.choice((png, jpeg, b"", b"BM")))
    end = rng.choice((b"\r\n--x--\r\n", b"", b"\r\n--x", b"\r\n--y--\r\n"))
    kind = rng.choice(
        (FORM, "multipart/form-data; boundary=", "multipart/form-data; boundary=" + "z" * 300)
    )
    return Hostile(b"\r\n".join(parts) + end, rng.choice(PATHS[:4]), {"Content-Type": kind})


def of_json(rng: random.Random, jpeg: bytes, png: bytes) -> Hostile:
    """JSON of another shape, deeply nested, with odd numbers, or naming addresses."""
    text = rng.choice(
        (
            "[" * rng.choice((10, 5000, 200_000)),
            '{"a":' * 3000 + "1" + "}" * 3000,
            '{"data_url": NaN}',
            '{"data_url": 1' + "0" * 5000 + "}",
            '{"data_url": "\\ud800"}',
            json.dumps({"data_url": rng.choice(ADDRESSES)}),
            json.dumps({"data_url": [rng.choice(ADDRESSES)] * rng.choice((1, 65, 500))}),
            json.dumps({"data_url": "data:image/png;base64," + base64.b64encode(png).decode()}),
            json.dumps({name: {} for name in EVIL}),
            "null",
            "\ufeff{}",
        )
    )
    return Hostile(text.encode("utf-8", "surrogatepass"), rng.choice(PATHS), {"Content-Type": JSON})


def tensor(rng: random.Random, jpeg: bytes, png: bytes) -> Hostile:
    """A tensor whose sizes, lengths and types do not fit together."""
    data = struct.pack("<I", rng.choice((len(png), 0, 2**32 - 1))) + png
    odd = (0, -1, 1, 2, 10**9, 2**63, 1.5, "1", None, [], True, len(data))
    one = {
        "name": rng.choice(("photographs", "x", None)),
        "datatype": rng.choice(("BYTES", "FP32", 7)),
        "shape": rng.choice(([1], [rng.choice(odd)], [1] * 99, [10**6, 10**6], "1")),
        "parameters": {"binary_data_size": rng.choice(odd)},
    }
    if rng.random() < 0.3:
        one["data"] = rng.choice(([base64.b64encode(png).decode()], [[[]]], 1, ["\ud800"]))
    record = {"inputs": rng.choice(([one], [one, one], one)), "id": rng.choice(("a", 1, "b" * 999))}
    record["parameters"] = {"threshold": rng.choice((0, 2, "x", None, [1]))}
    head = json.dumps(record).encode()
    length = rng.choice((len(head), 0, len(head) + 1, 10**11, -1))
    return Hostile(head + data, PATHS[-1], {LENGTH: str(length)})


def kind(rng: random.Random) -> dict[str, str]:
    return {"Content-Type": rng.choice(KINDS)}


MAKERS: tuple[Callable[[random.Random, bytes, bytes], Hostile], ...] = (
    *(raw, raw, bomb, form, of_json, tensor),
)
