"""What lies where in a store.

``objects/``
    Photographs, each under its SHA-256, once whatever versions share it.
``manifests/``
    Lists of photographs with their faces (`utils.data_store.manifest`), each under its SHA-256.
``names/``
    A small file for each version of each data set (`utils.data_store.kept`).
"""

import json
from hashlib import sha256

from utils.data_store.kept import NAMES

OBJECTS, MANIFESTS = "objects", "manifests"
MARK = "store.txt"
"""The file by which a store is known."""

SCHEMA = 1

ASIDE = "damaged"
"""The folder of what `verify` put aside."""

OURS = tuple(f"{folder}/" for folder in (OBJECTS, MANIFESTS, NAMES, ASIDE))
"""Folders of a store, in which nothing else lies."""


def mark_of(schema: int) -> bytes:
    """Return the content of `MARK`, with a digest: a flipped bit makes no other schema."""
    told = json.dumps({"what": "versions of annotated photographs", "schema": schema}).encode()
    return told + b"\n" + sha256(told).hexdigest().encode() + b"\n"


def schema_of(mark: bytes) -> int | None:
    """Return the schema that a mark tells of; None of one that is damaged."""
    try:
        told, digest, _ = mark.split(b"\n")
        return json.loads(told)["schema"] if sha256(told).hexdigest().encode() == digest else None
    except (ValueError, KeyError, TypeError):
        return None


def object_file(digest: str) -> str:
    """Return where a photograph lies in a store."""
    return f"{OBJECTS}/{digest[:2]}/{digest[2:]}"


def manifest_file(digest: str) -> str:
    """Return where a list of photographs lies in a store."""
    return f"{MANIFESTS}/{digest}.json"


def object_digest(file: str) -> str | None:
    """Return the digest of the photograph that a file of a store should be; None of other files."""
    parts = file.removeprefix(f"{OBJECTS}/").split("/")
    digest = "".join(parts)
    plain = file.startswith(f"{OBJECTS}/") and len(parts) == 2 and len(digest) == 64
    return digest if plain else None
