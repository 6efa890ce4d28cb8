"""The body of a request, counted as it comes: no more bytes, seconds or memory than agreed."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType

from starlette.requests import ClientDisconnect, Request

from service.problems import Problem
from utils.errors import number_of

DISCARDED = 8 * 2**20
"""Bytes of a refused body that are still taken, so that the client comes to read why."""

DISCARDING = 2.0
"""Seconds for that."""

CLOSE = {"Connection": "close"}


class Memory:
    """How many bytes of bodies all requests hold together.

    Parameters
    ----------
    most
        That they may.
    """

    def __init__(self, most: int) -> None:
        self.most, self.held = most, 0

    def take(self, count: int) -> bool:
        """Take so many bytes; return whether there were so many."""
        if self.held + count > self.most:
            return False
        self.held += count
        return True

    def give_back(self, count: int) -> None:
        self.held -= count


class Body:
    """The body of one request; use it in a ``with`` statement, for as long as its bytes are used.

    Parameters
    ----------
    request
        Whose body nobody has read yet.
    most
        Bytes that it may have.
    memory
        From which they are taken.
    seconds
        In which all must have come.

    Attributes
    ----------
    size
        Bytes of memory that it takes.
    """

    def __init__(self, request: Request, most: int, memory: Memory, seconds: float) -> None:
        self._request, self._most, self._memory = request, most, memory
        self._seconds, self._came, self.size = seconds, 0, 0
        self._stream = request.stream()

    def __enter__(self) -> "Body":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._memory.give_back(self.size)
        self.size = 0

    async def read(self) -> bytes:
        """Return the whole body."""
        return b"".join([chunk async for chunk in self.stream()])

    async def stream(self) -> AsyncIterator[bytes]:
        """Yield the body as it comes.

        Raises
        ------
        Problem
            413 if it is, or says that it is, too large; 408 if it takes too long; 429 if there is
            no memory for it; 415 if it is compressed, because it might expand without bounds.
        """
        await self._check_head()
        end = asyncio.get_running_loop().time() + self._seconds
        try:
            while True:
                async with asyncio.timeout_at(end):
                    chunk = await anext(self._stream, None)
                if chunk is None:
                    return
                if self._came + len(chunk) > self._most:
                    raise await self.refused(self._too_large())
                if not self._memory.take(len(chunk)):
                    raise await self.refused(_no_memory())
                self.size += len(chunk)
                self._came += len(chunk)
                yield chunk
        except TimeoutError:
            raise Problem(
                408,
                "slow_upload",
                f"the body had not come within {self._seconds:g} seconds",
                fix="send it faster, or less of it",
                headers=CLOSE,
            ) from None

    def hold(self, count: int) -> None:
        """Count bytes that were made of the body, or came in its stead, for as long as it is used.

        Raises
        ------
        Problem
            429 if there is no memory for them.
        """
        if not self._memory.take(count):
            raise _no_memory()
        self.size += count

    async def refused(self, problem: Problem) -> Problem:
        """Take what is left of a small body to its end, and return `problem`.

        A connection that is closed upon unread bytes is reset, and the answer lost.
        """
        left = DISCARDED
        try:
            async with asyncio.timeout(DISCARDING):
                async for chunk in self._stream:
                    left -= len(chunk)
                    if left < 0:
                        break
                else:
                    return problem
        except (TimeoutError, ClientDisconnect):
            pass
        problem.headers |= CLOSE
        return problem

    async def _check_head(self) -> None:
        headers = self._request.headers
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise await self.refused(
                Problem(
                    415,
                    "compressed",
                    "the body is compressed",
                    field="Content-Encoding",
                    fix="send it as it is; photographs are compressed already",
                )
            )
        length = headers.get("content-length", "0")
        if length.isdecimal() and (len(length) > 18 or int(length) > self._most):
            if headers.get("expect", "").lower() == "100-continue":  # none of it has been sent
                problem = self._too_large()
                problem.headers |= CLOSE
                raise problem
            raise await self.refused(self._too_large())

    def _too_large(self) -> Problem:
        return Problem(
            413,
            "too_large",
            f"the body has more than {number_of(self._most, 'byte')}",
            fix="send fewer or smaller photographs, or start the service with other limits",
        )


def _no_memory() -> Problem:
    return Problem(
        429,
        "memory",
        "uploads take all memory that is set aside for them",
        fix="try again later",
        headers={"Retry-After": "1"},
    )
