"""Cleaned shards: every image upright 8-bit RGB, every annotation normalised to fit it."""

import logging
from collections.abc import Iterator
from pathlib import Path

from utils.dataset.annotation import write_voc
from utils.dataset.images import encode_png, is_plain
from utils.dataset.shards import Photo, read_shard, write_shard

log = logging.getLogger(__name__)


def clean_photo(photo: Photo) -> Photo:
    """Return a photograph that any decoder reads alike.

    Upright 8-bit RGB JPEGs and PNGs keep their bytes, so that nothing is lost to compressing them
    again; all others become PNGs. The annotation is written anew: boxes inside the image, in
    whole pixels, without those that have no area.

    Raises
    ------
    InputError
        If the image or its annotation cannot be read, or there is no annotation.
    """
    image = photo.decode()  # plain files, too: a damaged one must not travel on
    height, width = image.shape[:2]
    faces = photo.read_annotation(width, height).faces
    if is_plain(photo.image, photo.filename):
        filename, data = photo.filename, photo.image
    else:
        filename, data = f"{photo.name}.png", encode_png(image)
    return Photo(photo.name, filename, data, write_voc(filename, width, height, faces))


def clean_shard(shard: Path, output: Path) -> dict[str, int]:
    """Clean every photograph of a shard; return ``{"photos": n, "rewritten": n}``."""
    rewritten = 0

    def cleaned() -> Iterator[Photo]:
        nonlocal rewritten
        for photo in read_shard(shard):
            clean = clean_photo(photo)
            rewritten += clean.image is not photo.image
            yield clean

    photos = write_shard(output, cleaned())
    log.info("%s: %d photographs, %d of them rewritten as upright RGB", output, photos, rewritten)
    return {"photos": photos, "rewritten": rewritten}
