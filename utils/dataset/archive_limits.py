"""How much an archive may ask for, and the error of one that asks for more or is not whole."""

MAX_ENTRIES = 500_000
"""Files and folders in an archive, whatever they are; bounds the memory that listing takes."""

MAX_RATIO, ROOM = 100, 256 * 1024**2
"""An archive of n bytes may hold MAX_RATIO * n + ROOM. Photographs hardly shrink; a few kilobytes
that expand to terabytes are no data set."""


UNPACK = "unpack it and give the folder"
"""The fix for an archive that cannot be used as it is."""


class ArchiveError(Exception):
    """An archive cannot be used: `why` names the member where there is one, `fix` what to do."""

    def __init__(self, why: str, fix: str = "fetch or pack it again") -> None:
        super().__init__(f"{why}; {fix}")


def check_expansion(held: int, size: int) -> None:
    """Refuse a bomb: an archive of `size` bytes that holds, or says that it holds, `held`.

    Raises
    ------
    ArchiveError
        If that is too much.
    """
    most = MAX_RATIO * size + ROOM
    if held > most:
        raise ArchiveError(
            f"it holds more than {most} bytes, {MAX_RATIO} times its own size",
            f"if these are photographs, {UNPACK}",
        )


def check_entries(number: int) -> None:
    """Refuse an archive of more than `MAX_ENTRIES` entries."""
    if number > MAX_ENTRIES:
        raise ArchiveError(f"it has more than {MAX_ENTRIES} entries", UNPACK)
