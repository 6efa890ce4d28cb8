"""A detector looks at new photographs: what is found on each, in the order that they come in."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.dataset.capture_time import taken
from utils.dataset.looks import looks
from utils.dataset.shards import Photo
from utils.dataset.splitting.fingerprints import Fingerprint, fingerprint
from utils.drawing.faces import draw_detections
from utils.drawing.hiding import hidden
from utils.drawing.one_face import draw_one_face, is_one_face
from utils.errors import InputError
from utils.metrics.detections import Detections

if TYPE_CHECKING:
    from utils.detector.inference import Detector


@dataclass(frozen=True)
class Unread:
    """A photograph that could not be decoded.

    Attributes
    ----------
    file
        Its name.
    reason
        Why, in words that name the file, too.
    """

    file: str
    reason: str


@dataclass(frozen=True)
class Looked:
    """A photograph with what was found on it.

    Attributes
    ----------
    photo
        As it came.
    image
        uint8, shape (H, W, 3), RGB, upright.
    detections
        Every box that the detector returned.
    threshold
        Confidence from which they count.
    """

    photo: Photo
    image: np.ndarray
    detections: Detections
    threshold: float

    def record(self) -> dict[str, Any]:
        """Return ``{name, file, width, height, taken, looks, faces}``.

        ``taken`` is the EXIF time or None, ``looks`` are those of `utils.dataset.looks`, and
        ``faces`` those of `Detections.as_record`.
        """
        time = taken(self.photo.image)
        return {
            "name": self.photo.name,
            "file": self.photo.filename,
            "width": self.image.shape[1],
            "height": self.image.shape[0],
            "taken": time and time.isoformat(),
            "looks": looks(self.image),
            "faces": self.detections.as_record(),
        }

    def fingerprint(self) -> Fingerprint:
        """Return what the photograph is recognised by."""
        return fingerprint(self.image)

    def drawn(self, hide: bool = False) -> np.ndarray:
        """Return the photograph with the faces that count, uint8 (H', W', 3).

        With `hide` all faces are hidden, also those below the threshold.

        Where each picture is judged as one face, and none has to be sure enough to count, it is
        drawn with how probable each class is.
        """
        image = hidden(self.image, self.detections.boxes) if hide else self.image
        if not self.threshold and is_one_face(self.image, self.detections):
            return draw_one_face(image, self.detections)
        return draw_detections(image, self.detections, self.threshold)


def look(detector: "Detector", photos: Iterable[Photo | Unread]) -> Iterator[Looked | Unread]:
    """Yield what is found on photographs, in their order, a batch of the detector behind at most.

    Parameters
    ----------
    photos
        Annotations in them are not looked at. One that could not even be read is passed on.
    """
    waiting: deque[tuple[Photo, np.ndarray] | Unread] = deque()

    def images() -> Iterator[np.ndarray]:
        for photo in photos:
            if isinstance(photo, Unread):
                waiting.append(photo)
                continue
            try:
                image = photo.decode()
            except InputError as error:
                waiting.append(Unread(photo.filename, str(error)))
                continue
            waiting.append((photo, image))
            yield image

    def unread() -> Iterator[Unread]:
        while waiting and isinstance(waiting[0], Unread):
            yield waiting.popleft()

    for detections in detector.stream(images()):
        yield from unread()
        photo, image = waiting.popleft()
        yield Looked(photo, image, detections, detector.threshold)
    yield from unread()
