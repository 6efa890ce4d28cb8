"""What a request is refused with: a status, and words that name the file, the field and the fix."""

from functools import partial
from typing import Any

from utils.errors import InputError, brief

JSON = "application/json"


class Problem(Exception):
    """A request that is not answered as it was asked.

    Parameters
    ----------
    status
        Of HTTP.
    reason
        One word by which refusals are counted.
    error
        What is wrong.
    file, field, fix
        Which photograph and which field is wrong, and what to do, as far as that is known.
    headers
        To be sent with it.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        error: str,
        *,
        file: str | None = None,
        field: str | None = None,
        fix: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.status, self.reason, self.error = status, reason, error
        self.file, self.field, self.fix = file, field, fix
        self.headers = headers or {}

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how it comes out of a worker's process."""
        told = {"file": self.file, "field": self.field, "fix": self.fix, "headers": self.headers}
        return partial(Problem, **told), (self.status, self.reason, self.error)

    def record(self) -> dict[str, Any]:
        """Return the body of the answer; ``error`` is what clients of the protocol look for."""
        return {"error": self.error, "file": self.file, "field": self.field, "fix": self.fix}


def of_input_error(
    error: InputError, file: str | None, status: int = 422, reason: str = "unreadable"
) -> Problem:
    """Return a `Problem` of an error whose message names the file first and the fix last."""
    text = str(error)
    if file is not None:
        text = text.removeprefix(f"{file}: ")
    wrong, _, fix = text.rpartition("; ")
    return Problem(status, reason, brief(wrong or text, 400), file=file, fix=fix if wrong else None)
