"""What tells one face of the generated photographs from another."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Traits:
    """What tells one face from another; lengths in face widths.

    Without it all faces would be prints of one block, and photographs of different people be taken
    for near-duplicates.

    Attributes
    ----------
    eyes
        Height of the eyes over the centre of the face, and half the distance between them.
    eye
        Half the width and half the height of one.
    gaze
        How far the pupils are off their middle, to the right and down.
    brow
        How much it is bent, how far its outer end is lower, its thickness, its height over the eye.
    nose
        Half its width and height, and how far down its tip is.
    mouth
        Its size, as a factor, and how far down it is.
    jaw
        How narrow hair and mask are drawn, as a factor.
    """

    eyes: tuple[float, float]
    eye: tuple[float, float]
    gaze: tuple[float, float]
    brow: tuple[float, float, float, float]
    nose: tuple[float, float, float]
    mouth: tuple[float, float]
    jaw: float

    @classmethod
    def of(cls, rng: np.random.Generator) -> "Traits":
        """Draw the traits of somebody."""
        between = rng.uniform
        return cls(
            eyes=(between(0.06, 0.15), between(0.18, 0.245)),
            eye=(between(0.075, 0.12), between(0.036, 0.072)),
            gaze=(between(-0.045, 0.045), between(-0.012, 0.012)),
            brow=(
                between(0.0, 0.06),
                between(-0.015, 0.06),
                between(0.025, 0.06),
                between(0.09, 0.15),
            ),
            nose=(between(0.06, 0.12), between(0.045, 0.09), between(0.16, 0.25)),
            mouth=(between(0.75, 1.2), between(-0.03, 0.05)),
            jaw=between(0.92, 1.06),
        )
