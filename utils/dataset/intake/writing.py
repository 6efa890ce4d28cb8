"""Shards of what was found, or nothing."""

from collections.abc import Iterable
from pathlib import Path

from utils.dataset.shards import Photo, write_shard
from utils.errors import InputError, is_full_disk


def write(output: Path, photos: Iterable[Photo]) -> None:
    """Write a shard; a full disk leaves nothing behind.

    Raises
    ------
    InputError
        If the disk is full, or a photograph cannot be read any more.
    """
    try:
        write_shard(output, photos)
    except OSError as error:
        Path(output).with_name(Path(output).name + ".tmp").unlink(missing_ok=True)
        if is_full_disk(error):
            raise InputError(f"{output}: the disk is full; free some space") from error
        raise
