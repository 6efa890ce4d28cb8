"""Files that annotate many photographs (COCO, CVAT): which photograph each of their names means."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from utils.dataset.intake.paths import folder_of, side_of, side_of_word


class Names:
    """Photographs by what other programs may call them.

    Parameters
    ----------
    photographs
        Paths inside the source.
    """

    def __init__(self, photographs: Collection[str]) -> None:
        self._by_filename: dict[str, list[str]] = defaultdict(list)
        for path in photographs:
            self._by_filename[path.rpartition("/")[2]].append(path)

    def find(self, name: str, index: str) -> list[str]:
        """Return the photographs that `name` in the file `index` may mean: best one.

        Of several with that file name, those count whose path ends as `name` does; then those in
        the folder of `index`, or on the side of a split that it is named after.
        """
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        found = self._by_filename.get(parts[-1], []) if parts else []
        for length in range(2, len(parts) + 1):
            if len(found) > 1:
                end = "/" + "/".join(parts[-length:])
                found = [path for path in found if f"/{path}".endswith(end)] or found
        if len(found) > 1:
            here = folder_of(index)
            found = [path for path in found if path.startswith(here)] or found
        if len(found) > 1 and (side := _side_of_index(index)):
            found = [path for path in found if side_of(path) == side] or found
        return found


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
