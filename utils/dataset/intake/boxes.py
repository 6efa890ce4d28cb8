"""Boxes that cannot be, over a whole data set: what is mended, and what stops the run.

One box with reversed corners is a slip of the mouse. Where many boxes are impossible in the same
way, the file means something else by its numbers, and a detector would learn from wrong faces.
"""

from collections import Counter
from dataclasses import dataclass, field

from utils.dataset.formats.annotation import LEAST_SIDE, Box, RawAnnotation
from utils.dataset.image_header import Header
from utils.dataset.intake.placing import Placing
from utils.dataset.intake.readings import Readings
from utils.errors import InputError, brief

TOO_MANY = 0.05
"""Share of the boxes: where more are dropped, or cut by more than half, the run stops."""

_OFTEN = 0.1  # share of the boxes: where so many are wrong, another reading is tried
_SLIP = 0.02  # share of a side of the photograph: boxes end so far outside by chance
_NAMED = 3  # how many files an error names


@dataclass
class Mended:
    """What was done to the boxes, counted; the fields are those of the facts."""

    boxes: int = 0
    swapped: int = 0
    duplicates: int = 0
    dropped: int = 0
    clipped: int = 0
    halved: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


class Boxes:
    """The boxes of a data set, mended one photograph at a time and judged as a whole.

    Parameters
    ----------
    format
        As `utils.dataset.intake.layout.FORMATS` has it: what may be confused depends on it.
    """

    def __init__(self, format: str) -> None:
        self._format = format
        self.mended = Mended()
        self.placing = Placing()
        self._reversed: Counter[str] = Counter()
        self._outside: Counter[str] = Counter()
        self._bad: Counter[str] = Counter()
        self._unit: Counter[str] = Counter()
        self._fractions = 0
        self._readings = Readings(format)
        self._reach = [0.0, 0.0]

    def mend(
        self, raw: RawAnnotation, header: Header, name: str
    ) -> tuple[RawAnnotation, Counter[str]]:
        """Return an annotation in pixels of the upright photograph, and its faces by class name.

        Boxes drawn on a photograph before its EXIF turn are turned; those drawn on a larger or
        smaller copy are scaled if the size that the file tells differs by one factor and `placing`
        was not shown otherwise; exact repetitions are dropped. What lies outside the image is
        counted and left as it is.

        Parameters
        ----------
        name
            The file, to name it in an error of the whole.
        """
        mended = self.mended
        place = self.placing.of(raw, header)
        names, kept, seen, faces = [], [], set(), Counter()
        mended.left_out.update(raw.left_out)
        for class_name, box in zip(raw.names, raw.boxes, strict=True):
            self._weigh(place(box), header, name)
            ordered = self._ordered(box)
            if ordered != box:
                mended.swapped += 1
                self._reversed[name] += 1
            ordered = place(ordered)
            if (class_name, ordered) in seen:
                mended.duplicates += 1
                continue
            seen.add((class_name, ordered))
            faces[class_name] += self._is_face(ordered, header, name)
            names.append(class_name)
            kept.append(ordered)
        mended.boxes += len(kept)
        size = (header.width, header.height)
        return RawAnnotation(tuple(names), tuple(kept), size), faces

    def _ordered(self, box: Box) -> Box:
        x1, y1, x2, y2 = box
        shift = 1 if self._format == "voc" else 0  # taken from what is the larger corner
        if x2 < x1:
            x1, x2 = x2 - shift, x1 + shift
        if y2 < y1:
            y1, y2 = y2 - shift, y1 + shift
        return x1, y1, x2, y2

    def _weigh(self, box: Box, header: Header, name: str) -> None:
        """Count the signs that all boxes mean something else than corners in pixels."""
        if min(box) >= -1.001 and max(box) <= 1.001:
            self._unit[name] += 1
            self._fractions += any(value != int(value) for value in box)
        self._reach = [max(self._reach[0], box[2]), max(self._reach[1], box[3])]
        self._readings.weigh(box, header)

    def _is_face(self, box: Box, header: Header, name: str) -> bool:
        """Return whether a box has a pixel or more inside the image; count what lies outside."""
        x1, y1, x2, y2 = box
        a, b = max(x1, 0.0), max(y1, 0.0)
        c, d = min(x2, float(header.width)), min(y2, float(header.height))
        if min(c - a, d - b) < LEAST_SIDE:
            self.mended.dropped += 1
            self._bad[name] += 1
            self._outside[name] += 1
            return False
        if (a, b, c, d) != box:
            self.mended.clipped += 1
            across, down = _SLIP * header.width, _SLIP * header.height
            self._outside[name] += max(a - x1, x2 - c) > across or max(b - y1, y2 - d) > down
            if (c - a) * (d - b) < (x2 - x1) * (y2 - y1) / 2:
                self.mended.halved += 1
                self._bad[name] += 1
        return True

    def check(self, where: object, allow: bool) -> None:
        """Refuse boxes of which many cannot be.

        Parameters
        ----------
        where
            What to call the data set in the error.
        allow
            Whether to go on all the same.

        Raises
        ------
        InputError
            It says what the numbers seem to mean, and names three files.
        """
        total, bad = self.mended.boxes, self._bad.total()
        if allow or not total:
            return
        go_on = "or go on all the same with --allow-bad-boxes"
        if self._unit.total() > TOO_MANY * total and self._fractions > self._unit.total() / 2:
            raise InputError(
                f"{where}: {self._unit.total():,} of {total:,} boxes lie within 0..1, so they are "
                f"shares of the image in place of pixels ({_examples(self._unit)}); multiply them "
                f"by its width and height, {go_on}"
            )
        wrong = max(self._outside, self._reversed, key=Counter.total)
        if wrong.total() > _OFTEN * total and (reading := self._readings.likely()):
            raise InputError(
                f"{where}: {wrong.total():,} of {total:,} boxes cannot be so, and all would be "
                f"right if the files held {reading} ({_examples(wrong)}); export them anew, {go_on}"
            )
        if bad > TOO_MANY * total:
            reach = " x ".join(f"{value:,.0f}" for value in self._reach)
            raise InputError(
                f"{where}: of {total:,} boxes, {self.mended.dropped:,} have no area inside their "
                f"photograph and {self.mended.halved:,} are cut by more than half "
                f"({_examples(self._bad)}); boxes reach to {reach} pixels: were they drawn on "
                f"other photographs, or on larger copies? Mend them, {go_on}"
            )


def _examples(files: Counter[str]) -> str:
    return ", ".join(brief(name) for name, _ in files.most_common(_NAMED))
