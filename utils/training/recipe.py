"""The hyper-parameters of a training, with their defaults."""

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

from utils.errors import InputError

OPTIMIZERS = ("adamw", "sgd")

BY_RATIO = ("learning_rate", "weight_decay", "batch_size", "clip")
"""Fields of which a factor matters, not a difference: a search goes by their logarithm."""

_MOST = {
    "learning_rate": math.inf,  # one that is too high is named when the training diverges
    "weight_decay": 10.0,
    "batch_size": 4096,
    "chip": 4096.0,
    "focal": 10.0,
    "clip": 1e6,
    "frozen_stages": 5,
}
"""Beyond these there is no training, or no such thing: no network has more stages, or sees more
pixels."""

_FROM_ZERO = ("weight_decay", "focal", "frozen_stages")
"""Fields of which 0 means none; for the others in `_MOST`, 0 makes no sense."""

_SHARES = (
    "augmentation",
    "copy_paste",
    "relight",
    "spoil",
    "rare",
    "label_smoothing",
    "class_weight",
    "warmup",
    "descent",
    "backbone_rate",
    "layer_decay",
    "head_start",
)


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, whatever its architecture.

    Attributes
    ----------
    optimizer
        ``adamw`` (Loshchilov and Hutter 2019) or ``sgd`` (with Nesterov momentum 0.9).
    learning_rate
        Its height between the warm-up and the descent.
    weight_decay
        On weights of layers; normalisation and biases have none.
    batch_size
        Samples a step: chips (see `utils.detector.augmentation`), or faces.
    chip
        Side of a chip as a share of the longer side of the photographs; above 1, in pixels.
    augmentation
        Strength in 0..1: 0 cuts and flips only, 1 zooms up to a factor of 2.3 either way.
    copy_paste
        Share of chips into which faces of other photographs are pasted, of each class as often (see
        `utils.detector.pasting`).
    relight
        Strength, 0..1, of changes of gamma and white balance.
    spoil
        Share of chips that are blurred, compressed, noisy, grey or of fewer pixels.
    rare
        Share of photographs below which a class is shown more often (see
        `utils.training.sampling.repeat_factors`).
    label_smoothing
        Share of a label that is given to all classes alike, because some labels are wrong.
    focal
        Exponent by which proposals that are told well already count less.
    class_weight
        Exponent, 0..1, of how much oftener the commonest class is than a face's own: how much more
        that face counts.
    mirrored
        Whether the model, once trained, looks at a photograph as in a mirror, too, and averages
        both: twice the time of a detection.
    warmup, descent
        Shares of all steps over which the learning rate rises at the start and falls at the end,
        both linearly. In between it stays, which gives what half a cosine gives (Hägele et al.
        2024) while a training can be made longer without starting afresh.
    clip
        Longest gradient (L2 norm over all parameters); longer ones are scaled down.
    ema
        Share of itself that the average of the weights keeps at each step (see
        `utils.training.averages`); 0 for no average.
    backbone_rate
        Factor of the learning rate for layers of the backbone that came with weights.
    layer_decay
        Factor more for each stage further down, for these layers.
    frozen_stages
        How many first stages of them do not learn at all, which saves their part of a step.
    head_start
        Share of all steps before these layers begin to learn.
    """

    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    batch_size: int = 8
    chip: float = 0.55
    augmentation: float = 0.7
    copy_paste: float = 0.0
    relight: float = 0.0
    spoil: float = 0.0
    rare: float = 1.0
    label_smoothing: float = 0.0
    focal: float = 0.0
    class_weight: float = 0.0
    mirrored: bool = False
    warmup: float = 0.05
    descent: float = 0.2
    clip: float = 5.0
    ema: float = 0.999
    backbone_rate: float = 1.0
    layer_decay: float = 1.0
    frozen_stages: int = 0
    head_start: float = 0.0

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise InputError(
                f"parameter 'optimizer' is {self.optimizer!r}, "
                f"expected one of {', '.join(OPTIMIZERS)}"
            )
        for name, value in asdict(self).items():
            if isinstance(value, float) and not math.isfinite(value):
                raise InputError(f"parameter {name!r} is {value}, expected a finite number")
        for name, most in _MOST.items():
            value, bounds = getattr(self, name), ">= 0" if name in _FROM_ZERO else "> 0"
            bounds += f" and {most:g} at most" if math.isfinite(most) else ""
            if not 0 <= value <= most or (value == 0 and name not in _FROM_ZERO):
                raise InputError(f"parameter {name!r} is {value}, expected {bounds}")
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"parameter {name!r} is {getattr(self, name)}, expected 0..1")
        if 1 < self.chip < 64:
            raise InputError(
                f"parameter 'chip' is {self.chip}, expected a share or 64 pixels or more"
            )
        if not 0 <= self.ema < 1:
            raise InputError(f"parameter 'ema' is {self.ema}, expected 0 or more and less than 1")

    @classmethod
    def from_params(cls, params: dict[str, Any]) -> "Recipe":
        """Build a recipe from the ``params`` of a record; what is not named keeps its default.

        Raises
        ------
        InputError
            If a parameter is unknown or out of range.
        """
        names = [field.name for field in fields(cls)]
        unknown = sorted(set(params) - set(names))
        if unknown:
            raise InputError(
                f"unknown parameter {unknown[0]!r}; expected some of {', '.join(names)}"
            )
        return cls(**params)

    @classmethod
    def remembered(cls, params: dict[str, Any]) -> "Recipe":
        """Build the recipe that a model file remembers, maybe of a version with more parameters.

        Those are left out. An `InputError` as of `from_params` otherwise.
        """
        names = {field.name for field in fields(cls)}
        return cls.from_params({name: params[name] for name in names & params.keys()})

    def changed(self, params: dict[str, Any]) -> "Recipe":
        """Return this recipe with some parameters changed; an `InputError` as of `from_params`."""
        return self.from_params({**self.as_params(), **params})

    def as_params(self) -> dict[str, Any]:
        """Return the parameters as plain values."""
        return asdict(self)

    def peculiar(self) -> dict[str, Any]:
        """Return the parameters that are not as in ``Recipe()``."""
        usual = Recipe().as_params()
        return {name: value for name, value in self.as_params().items() if value != usual[name]}
