"""A small data set in a folder, and the same in archives."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from utils.dataset.shards import Photo


@pytest.fixture
def photos(make_photo, make_image) -> list[Photo]:
    classes = ("with_mask", "without_mask")
    return [make_photo(f"p{i}", classes, make_image(i)) for i in range(5)]


@pytest.fixture
def folder(make_folder, photos) -> Path:
    return make_folder(photos, "kaggle/download")


@pytest.fixture
def archive_of():
    """Write an archive of a folder, its files in an order of its own."""

    def pack(folder: Path, path: Path) -> Path:
        if path.suffix == ".zip":
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in sorted(folder.rglob("*"), reverse=True):
                    archive.write(file, file.relative_to(folder.parent))
        else:
            mode = "w:" + (path.name.rpartition("tar.")[2] if ".tar." in path.name else "")
            with tarfile.open(path, mode) as archive:
                archive.add(folder, f"./{folder.name}")
        return path

    return pack
