"""A version of a data set as its store knows it: what it is called, and what was told of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from utils.data_store.manifest import is_digest
from utils.data_store.words import checked_name
from utils.errors import InputError, brief
from utils.records import short

SCHEMA = 1
NAMES = "names"
"""The folder of these, one file for each version of each data set."""


@dataclass(frozen=True)
class Version:
    """A version of a data set.

    Attributes
    ----------
    name
        Of the data set.
    version
        SHA-256 of what it shows: see `utils.dataset.version`.
    manifest
        SHA-256 of the file that lists its photographs.
    added
        When, in UTC: a fixed number of digits, so that sorting them is sorting times.
    source
        What it was read from.
    photos, size, faces, came_on
        Number of photographs, their bytes, faces by class, photographs by the side that they came
        on (empty where they do not come split).
    facts
        What was found, mended and left out when it was read: see `utils.dataset.intake.facts`.
    """

    name: str
    version: str
    manifest: str
    added: str
    source: str
    photos: int
    size: int
    faces: Mapping[str, int]
    came_on: Mapping[str, int] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name}@{short(self.version)}"

    def as_bytes(self) -> bytes:
        """Return the content of its file."""
        return (json.dumps({"schema": SCHEMA, **asdict(self)}, ensure_ascii=False) + "\n").encode()

    @property
    def file(self) -> str:
        """Where it lies in the store; the name tells of every bit of the content."""
        return (
            f"{NAMES}/{self.name}/{self.added}-{hashlib.sha256(self.as_bytes()).hexdigest()}.json"
        )

    @staticmethod
    def from_bytes(data: bytes, file: str) -> "Version":
        """Read what `as_bytes` gave, from the file of that name.

        Raises
        ------
        InputError
            If the content is not that which the name tells of, or of another schema.
        """
        told = file.rpartition("-")[2].removesuffix(".json")
        if hashlib.sha256(data).hexdigest() != told:
            raise InputError(f"{file}: is damaged")
        try:
            fields = json.loads(data)
            if (schema := fields.pop("schema")) != SCHEMA:
                raise InputError(
                    f"{file}: field 'schema' is {brief(schema)}, expected {SCHEMA}; it was written "
                    "by another version of this program, use that one"
                )
            version = Version(**fields)
            checked_name(version.name)
            if not (is_digest(version.version) and is_digest(version.manifest)):
                raise ValueError("no digests")
            return version
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InputError(f"{file}: tells of no version ({brief(error)})") from error
