"""From a request to the bytes of its photographs, each with a name to call it."""

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote_to_bytes

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from service.bodies import Body
from service.fetching import Fetcher
from service.problems import JSON, Problem
from service.settings import Settings
from utils.dataset.intake.names import printable
from utils.errors import brief, number_of

PARTS = 10_000
"""Commas and opening brackets in JSON; base64 has none."""

MANY = 2**20
"""Bytes that take milliseconds to be decoded."""

_SLICE = 2**18
"""Characters that are decoded at a time; a multiple of four, as base64 is."""

MULTIPART = "multipart/form-data"
FIELD = "data_url"
_OTHER = ("text/", "video/", "audio/", "application/pdf", "application/zip", "application/xml")
T = TypeVar("T")
_NAME = 120  # characters of a name that are told back


@dataclass(frozen=True)
class Upload:
    """A photograph as it was sent: its bytes, and what to call it in the answer."""

    name: str
    data: bytes


async def photographs(
    request: Request, body: Body, settings: Settings, fetcher: Fetcher
) -> list[Upload]:
    """Return the photographs of a request: its body, the files of a form, or addresses in JSON.

    Raises
    ------
    Problem
        If there is none, one is too large, or there are too many; and as `Body.stream`.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == MULTIPART:
        found = await _of_form(request, body, settings)
    elif kind == JSON or kind.endswith("+json"):
        found = await _of_json(body, settings, fetcher)
    elif kind.startswith(_OTHER):
        raise await body.refused(
            Problem(
                415,
                "kind",
                f"{brief(kind, 60)} is not read",
                field="Content-Type",
                fix=f"send the bytes of a photograph (image/jpeg), {MULTIPART} or {JSON}",
            )
        )
    else:
        found = [Upload("photograph", await body.read())]
    _check(found, settings)
    return found


async def aside(size: int, function: Callable[..., T], *given: Any) -> T:
    """Return what a function gives; where it is given many bytes, from a thread.

    So others, those who ask for health above all, are answered meanwhile.
    """
    return function(*given) if size < MANY else await asyncio.to_thread(function, *given)


async def json_of(body: Body, read: Callable[..., T], *given: Any) -> T:
    """Return what `read` makes of the bytes of a body, whose texts are held beside them.

    Raises
    ------
    Problem
        As `Body.read` and `Body.hold`; and as `read`.
    """
    data = await body.read()
    body.hold(len(data))
    return await aside(len(data), read, data, *given)


async def _of_form(request: Request, body: Body, settings: Settings) -> list[Upload]:
    parser = MultiPartParser(
        request.headers, body.stream(), max_files=settings.photographs, max_fields=100
    )
    # Beyond this the parser would write files to disk; the body itself is bounded.
    parser.spool_max_size = settings.request_bytes + 1
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Problem(
            400, "form", brief(error.message), fix="send a form as `curl -F file=@a.jpg` does"
        ) from error
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    found = []
    for number, file in enumerate(files, start=1):
        found.append(Upload(shown(file.filename, number), await file.read()))
        await file.close()
    return _named_apart(found)


async def _of_json(body: Body, settings: Settings, fetcher: Fetcher) -> list[Upload]:
    asked = (await json_of(body, json_object)).get(FIELD)
    addresses = [asked] if isinstance(asked, str) else asked
    if not isinstance(addresses, list) or not all(isinstance(one, str) for one in addresses):
        raise Problem(
            422,
            "field",
            f"{FIELD} is no address and no list of them",
            field=FIELD,
            fix='send {"data_url": "data:image/jpeg;base64,..."}',
        )
    if len(addresses) > settings.photographs:
        raise too_many(settings)
    found = []
    for number, address in enumerate(addresses, start=1):
        if address[:5].lower() == "data:":
            data = await aside(len(address), of_data_url, address)
        else:
            data = await fetcher.fetch(address, settings.photograph_bytes)
        body.hold(len(data))
        found.append(Upload(f"photograph {number}", data))
    return found


def of_data_url(address: str) -> bytes:
    """Return the bytes of a ``data:`` URL (RFC 2397)."""
    head, comma, data = address[5:].partition(",")
    is_base64 = head.endswith(";base64")
    try:
        if not comma:
            raise ValueError("it has no comma")
        plain = _unquoted(data) if "%" in data or not is_base64 else data
        return of_base64(plain) if is_base64 else plain
    except ValueError as error:
        raise Problem(
            422,
            "field",
            f"the data: URL cannot be read ({brief(error)})",
            field=FIELD,
            fix="write data:image/jpeg;base64, and the bytes in base64",
        ) from error


def of_base64(text: str | bytes) -> bytes:
    """Return the bytes that are written in base64, in slices: others get their turn in between.

    Raises
    ------
    ValueError
        If something else is written there.
    """
    cuts = range(0, len(text), _SLICE)
    found = [base64.b64decode(text[cut : cut + _SLICE], validate=True) for cut in cuts]
    if any(len(one) < _SLICE // 4 * 3 for one in found[:-1]):
        raise ValueError("it ends before its end")
    return b"".join(found)


def _unquoted(text: str) -> bytes:
    """Return what is percent-encoded, in slices: as a whole it takes a hundred times the memory."""
    found, place = [], 0
    while place < len(text):
        end = place + _SLICE
        cut = text.find("%", end - 2, end)  # which would be parted from its digits
        end = end if cut < 0 else cut
        found.append(unquote_to_bytes(text[place:end]))
        place = end
    return b"".join(found)


def json_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object of a body.

    Photographs are long texts in few parts. Many parts take many times their bytes of memory, and
    nothing else is done while they are read.

    Raises
    ------
    Problem
        400 if it is none, or one of too many parts.
    """
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > PARTS:
        raise Problem(
            400,
            "json",
            f"the JSON has more than {PARTS:,} parts",
            fix="send photographs in base64, not as numbers",
        )
    try:
        found = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "json", f"the body is no JSON ({brief(error)})") from error
    if not isinstance(found, dict):
        raise Problem(400, "json", "the body is no JSON object", fix="send {...}")
    return found


def shown(name: str | None, number: int) -> str:
    """Return what to call a photograph: the last part of the name that it was sent with."""
    last = printable((name or "").replace("\\", "/").rpartition("/")[2]).strip()
    return brief(last, _NAME) if last.strip(".") else f"photograph {number}"


def too_many(settings: Settings) -> Problem:
    """Return the refusal of too many photographs in one request."""
    return Problem(
        413,
        "too_many",
        f"there are more than {number_of(settings.photographs, 'photograph')}",
        fix="send them in several requests",
    )


def _named_apart(found: Sequence[Upload]) -> list[Upload]:
    """Give photographs that were sent under one name a number each."""
    taken: set[str] = set()
    result = []
    for one in found:
        name, number = one.name, 1
        while name in taken:
            number += 1
            name = f"{one.name} ({number})"
        taken.add(name)
        result.append(Upload(name, one.data))
    return result


def _check(found: Sequence[Upload], settings: Settings) -> None:
    if not found or not any(one.data for one in found):
        raise Problem(
            422, "empty", "there is no photograph in the request", fix="send a photograph's bytes"
        )
    if len(found) > settings.photographs:
        raise too_many(settings)
    for one in found:
        if len(one.data) > settings.photograph_bytes:
            raise Problem(
                413,
                "too_large",
                f"the photograph has more than {number_of(settings.photograph_bytes, 'byte')}",
                file=one.name,
                fix="make it smaller, or start the service with another --photograph-mb",
            )
