"""What a word on the command line names: a camera, an address, a video file; and how to show it."""

import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from utils.dataset.intake.archives import ARCHIVE_SUFFIXES
from utils.dataset.intake.kinds import is_photograph, kind_by_bytes, unread_photograph
from utils.errors import InputError, brief

SCHEMES = ("rtsp", "rtsps", "http", "https")

_TS = 188  # bytes of a packet of an MPEG transport stream, which begins with a G
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_IN_TEXT = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://[^\s'\"<>]*")


def is_camera(word: str) -> bool:
    """Return whether a word names a camera of this machine: ``0``, ``/dev/video0``."""
    return word.isdecimal() or word.startswith("/dev/video")


def is_address(word: str) -> bool:
    """Return whether a word is an address of any scheme."""
    return bool(_ADDRESS.match(word))


def is_video(word: str) -> bool:
    """Return whether a word names something that moves, whether it is there or not."""
    if is_address(word):
        return True
    if is_camera(word) and not Path(word).is_file():
        return True
    return unread_photograph(word.lower()) == "video" or _is_by_content(Path(word))


def _is_by_content(path: Path) -> bool:
    """Return whether a file whose name does not tell it is a video, as ``.ts`` is of two kinds."""
    name = path.name.lower()
    if is_photograph(name) or unread_photograph(name) or name.endswith(ARCHIVE_SUFFIXES):
        return False
    try:
        if not path.is_file():
            return False
        with open(path, "rb") as file:
            head = file.read(2048)
    except OSError:
        return False
    packets = head[: 3 * _TS : _TS]
    return kind_by_bytes(head) == "video" or packets == b"GGG"


def check_address(address: str) -> None:
    """Raise an `InputError` unless frames may be fetched from an address."""
    scheme = _ADDRESS.match(address)[1].lower()
    if scheme not in SCHEMES:
        raise InputError(f"{shown(address)}: only {', '.join(SCHEMES)} are opened, not {scheme}")
    try:
        named = urlsplit(address)
        named.port  # noqa: B018 (raises where it is no number)
        if not named.hostname:
            raise ValueError("no host is named")
    except ValueError as error:
        raise InputError(f"{shown(address)}: is no address ({error})") from None


def shown(address: str) -> str:
    """Return an address without what may be secret: user, password, query and fragment."""
    if not is_address(address):
        return brief(address, 200)
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        place = f"{host}:{parts.port}" if parts.port else host
        hidden = "..." if parts.query else ""
        return brief(urlunsplit((parts.scheme, place, parts.path, hidden, "")), 200)
    except ValueError:
        return brief(f"{_ADDRESS.match(address)[1]}://...", 200)


def without_secrets(text: object, address: str) -> str:
    """Return a message, as of a library, with every address in it as `shown` shows it."""
    message = str(text).replace(address, shown(address))
    message = _IN_TEXT.sub(lambda found: shown(found[0]), message)
    try:
        parts = urlsplit(address)
        secrets = [parts.password, parts.query, parts.username]
    except ValueError:
        secrets = []
    for secret in secrets:
        if secret and len(secret) > 2:
            message = message.replace(secret, "...")
    return brief(message, 300)
