"""Files that annotate many photographs (COCO, CVAT): which photograph each of their names means."""

import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from urllib.parse import unquote

from utils.dataset.intake.paths import folder_of, place, side_of, side_of_word
from utils.dataset.intake.tool_names import own_stem

_QUERY = "?d="
"""Before the path in Label Studio's addresses of files on its own disk."""


class Photographs:
    """Photographs by what other programs may call them.

    Parameters
    ----------
    photographs
        Paths inside the source.
    """

    def __init__(self, photographs: Collection[str]) -> None:
        self._by_filename: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path in photographs:
            self._by_filename[_composed(path.rpartition("/")[2])].append(path)
            self._by_stem[place(path).stem].append(path)

    def find(self, name: str, index: str) -> list[str]:
        """Return the photographs that `name` in the file `index` may mean, at best one.

        They have that file name, as spelled or as an address spells it (``%20`` is a space).

        Of several with that file name, those count whose path ends as `name` does; then those in
        the folder of `index`, or on the side of a split that it is named after.
        """
        for spelled in (name, unquote(name.partition(_QUERY)[2] or name)):
            parts = _parts(spelled)
            if parts and (found := self._by_filename.get(parts[-1])):
                return self._nearest(found, parts, index)
        return []

    def find_stem(self, name: str, index: str) -> list[str]:
        """Return those that have `name` apart from the suffix, as converted photographs do.

        Or apart from what an annotation tool added to it (`own_stem`).
        """
        parts = _parts(unquote(name.partition(_QUERY)[2] or name))
        stems = (parts[-1], place(parts[-1]).stem) if parts else ()
        stems = (*stems, *(own_stem(stem) for stem in stems[1:]))
        found = next((self._by_stem[stem] for stem in stems if stem in self._by_stem), [])
        return self._nearest(found, parts, index)

    def _nearest(self, found: list[str], parts: list[str], index: str) -> list[str]:
        for length in range(2, len(parts) + 1):
            if len(found) > 1:
                folders = "/" + "/".join(parts[-length:-1]) + "/"
                found = [
                    p for p in found if f"/{_composed(folder_of(p))}".endswith(folders)
                ] or found
        if len(found) > 1:
            here = folder_of(index)
            found = [path for path in found if path.startswith(here)] or found
        if len(found) > 1 and (side := _side_of_index(index)):
            found = [path for path in found if side_of(path) == side] or found
        return found


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _parts(name: str) -> list[str]:
    parts = _composed(name).replace("\\", "/").split("/")
    return [part for part in parts if part not in ("", ".", "..")]


def of_boxes(indexes: Iterable[str]) -> list[str]:
    """Leave out the files that say the same once more, as COCO's captions and key points do."""
    indexes = sorted(indexes)
    instances = [path for path in indexes if _stem(path).startswith("instances")]
    return instances or indexes


def _side_of_index(path: str) -> str | None:
    words = _stem(path).replace("-", "_").replace(".", "_").split("_")
    return next(filter(None, map(side_of_word, words)), None) or side_of(path)


def _stem(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[0].lower()
