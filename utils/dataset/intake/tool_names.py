"""Names under which annotation tools give photographs back.

Label Studio puts eight hexadecimal digits in front of the name of what was uploaded
(``1f2e3d4c-a.jpg``); Roboflow makes ``a_jpg.rf.<digest>.jpg`` of ``a.jpg``.
"""

import re

_PREFIX = re.compile(r"[0-9a-f]{8}-(?=.)")
_DIGEST = re.compile(r"(?<=.)_(?:png|jpe?g|jfif|jpe|webp|bmp|tiff?)\.rf\.[0-9A-Za-z]{8,}$", re.I)


def own_stem(stem: str) -> str:
    """Return the stem that a photograph had before a tool renamed it; any other as it is."""
    return _DIGEST.sub("", _PREFIX.sub("", stem, count=1) if _PREFIX.match(stem) else stem)
