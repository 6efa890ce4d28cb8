"""What a file is, by its name and by its first bytes."""

import re
from collections.abc import Iterable, Mapping

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".jpe", ".webp", ".bmp", ".tif", ".tiff")
"""Suffixes (lower case) by which photographs are found in folders and archives."""

READ = ("JPEG", "PNG", "WebP", "BMP", "TIFF")
"""Kinds of photographs that are read, as `kind_by_bytes` calls them."""

CONVERT = "convert them to JPEG or PNG"
FIXES = {
    "Git LFS pointer": "fetch the files themselves: git lfs pull",
    "HTML page": "they are what a web site answered; download them again",
    "empty file": "copy or download them again",
    "video": "save single frames as JPEG or PNG",
    "PDF": "save their pictures as JPEG or PNG",
    "archive": "unpack them",
}
"""What to do about files that are no photographs; `CONVERT` about any other kind."""

HEAD = 64 * 1024
"""Bytes at the start of a file by which it is recognised."""

JUNK = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r")
"""Files that Windows and macOS add to folders; hidden files are not listed at all."""

_OTHER_PHOTOGRAPHS = {
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIC"),
    **dict.fromkeys((".avif", ".avifs"), "AVIF"),
    ".gif": "GIF",
    ".jxl": "JPEG XL",
    **dict.fromkeys((".jp2", ".j2k", ".jpx"), "JPEG 2000"),
    **dict.fromkeys(
        (".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw"),
        "camera raw",
    ),
    ".psd": "Photoshop",
    ".svg": "SVG",
    **dict.fromkeys(
        (
            *(".mp4", ".mov", ".avi", ".mkv", ".webm", ".m4v", ".3gp", ".mpg", ".mpeg", ".wmv"),
            *(".mts", ".m2ts", ".flv", ".ogv"),
        ),
        "video",
    ),
    ".pdf": "PDF",
    **dict.fromkeys(
        (".zip", ".rar", ".7z", ".tar", ".tgz", ".gz", ".tbz2", ".bz2", ".txz", ".xz"), "archive"
    ),
}
_STARTS = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG", "PNG"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF8", "GIF"),
    (b"%PDF", "PDF"),
    (b"version https://git-lfs", "Git LFS pointer"),
    (b"8BPS", "Photoshop"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cjP", "JPEG 2000"),
    (b"\x1a\x45\xdf\xa3", "video"),
    (b"PK\3\4", "archive"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"\x1f\x8b", "archive"),
)
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc"), "HEIC"),
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    b"crx ": "camera raw",
}
_COLLECTIONS = (b"mif1", b"msf1")  # HEIC, where no brand says otherwise
_HTML = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)", re.I | re.S
)
_SVG = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*|<!DOCTYPE[^>]*>\s*)*<svg", re.S
)


def is_photograph(name: str) -> bool:
    """Return whether a name ends as those of photographs that are read."""
    return suffix(name) in IMAGE_SUFFIXES


def unread_photograph(name: str) -> str | None:
    """Return what kind of picture, video or archive of them a name ends as ("HEIC"), or None.

    They are those that are not read where they lie.
    """
    return _OTHER_PHOTOGRAPHS.get(suffix(name))


def is_for_people(path: str) -> bool:
    """Return whether a file is a README or a licence, by its name."""
    return path.rpartition("/")[2].lower().startswith(("readme", "license", "licence"))


def suffix(name: str) -> str:
    """Return the suffix of a path's last part in lower case, with its point; "" without one."""
    stem, point, end = name.rpartition("/")[2].rpartition(".")
    return f".{end.lower()}" if point and stem.strip(".") and len(end) < 20 else ""


def kind_by_bytes(head: bytes) -> str | None:
    """Return what a file that begins with `head` is ("JPEG", "HTML page"); None if unknown."""
    if not head:
        return "empty file"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[4:8] == b"ftyp":
        brands = [head[8:12], *(head[place : place + 4] for place in range(16, 48, 4))]
        known = (_BRANDS[brand] for brand in brands if brand in _BRANDS)
        return next(known, "HEIC" if brands[0] in _COLLECTIONS else "video")
    if head.startswith(b"RIFF"):
        return {b"WEBP": "WebP", b"AVI ": "video"}.get(head[8:12])
    if _HTML.match(head[:2048]):
        return "HTML page"
    return "SVG" if _SVG.match(head[:2048]) else None


def counted(kinds: Mapping[str, int]) -> str:
    """Return how many files there are of each kind, "2 HEIC, 1 archive, 3 videos"."""
    return ", ".join(
        f"{count:,} {kind}{'s' * (count != 1 and kind in FIXES)}" for kind, count in kinds.items()
    )


def fixes(kinds: Iterable[str]) -> str:
    """Say what to do about files of these kinds."""
    return "; ".join(dict.fromkeys(FIXES.get(kind, CONVERT) for kind in sorted(kinds)))
