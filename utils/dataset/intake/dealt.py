"""Which of the photographs that were dealt one is that came back, whatever a tool calls it now."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from utils.dataset.image_header import upright_size
from utils.dataset.intake.paths import place
from utils.dataset.intake.tool_names import own_stem
from utils.dataset.shards import Photo
from utils.dataset.suggestion import SuggestedPhoto, sha256


class Dealt:
    """The photographs that were dealt, by contents and by name.

    Parameters
    ----------
    photos
        Of the record of the sample.
    new
        Yields all new photographs of the run.
    """

    def __init__(
        self, photos: Sequence[SuggestedPhoto], new: Callable[[], Iterable[Photo]]
    ) -> None:
        self._by_digest: dict[str, list[SuggestedPhoto]] = defaultdict(list)
        for one in photos:
            self._by_digest[one.digest].append(one)
        self._by_stem = {place(one.file).stem: one for one in photos}
        self._new = new
        self._originals: Mapping[str, Photo] | None = None

    def find(self, photo: Photo) -> tuple[SuggestedPhoto | None, bool]:
        """Return which one a photograph is, and whether it is the same picture.

        It has the bytes of the one dealt, under whatever name; or its name, apart from what
        annotation tools add to that, and looks like it, as a tool saves it anew. None where it is
        neither.
        """
        named = self._named(photo)
        if same := self._by_digest.get(sha256(photo.image)):
            return (named if named in same else same[0]), True
        return named, named is not None and self._looks_like(photo, named)

    def size(self, one: SuggestedPhoto) -> tuple[int, int]:
        """Return the upright size of a photograph that was dealt."""
        original = self._original(one)
        return upright_size(original.image, original.filename)

    def _named(self, photo: Photo) -> SuggestedPhoto | None:
        stem = place(photo.filename).stem
        return self._by_stem.get(stem) or self._by_stem.get(own_stem(stem))

    def _original(self, one: SuggestedPhoto) -> Photo:
        if self._originals is None:
            names = {some.photo for group in self._by_digest.values() for some in group}
            self._originals = {photo.name: photo for photo in self._new() if photo.name in names}
        return self._originals[one.photo]

    def _looks_like(self, photo: Photo, one: SuggestedPhoto) -> bool:
        # needs NumPy, which planning does without as long as tools leave photographs as they are
        from utils.dataset.splitting.fingerprints import fingerprint, same_thumbnail

        return same_thumbnail(
            fingerprint(photo.decode()), fingerprint(self._original(one).decode())
        )
