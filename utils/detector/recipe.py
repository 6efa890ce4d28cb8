"""The hyper-parameters of a training, with their defaults."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from utils.errors import InputError

OPTIMIZERS = ("adamw", "sgd")


@dataclass(frozen=True)
class Recipe:
    """How a detector is trained, whatever its architecture.

    Attributes
    ----------
    optimizer
        ``adamw`` (Loshchilov and Hutter 2019) or ``sgd`` (with Nesterov momentum 0.9).
    learning_rate
        Its peak, after a linear warm-up and before the descent along half a cosine to zero.
    weight_decay
        On weights of layers; normalisation and biases have none.
    batch_size
        Photographs a step. Small, for a few hundred photographs and few epochs need steps above
        all: of equal photographs seen, 2 learnt more than 4 on the sample.
    augmentation
        Strength in 0..1: 0 flips only, 1 distorts as much as SSD's recipe.
    warmup
        Share of all steps over which the learning rate rises.
    clip
        Longest gradient (L2 norm over all parameters); longer ones are scaled down.
    """

    optimizer: str = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.02
    batch_size: int = 4
    augmentation: float = 0.5
    warmup: float = 0.1
    clip: float = 5.0

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise InputError(
                f"parameter 'optimizer' is {self.optimizer!r}, "
                f"expected one of {', '.join(OPTIMIZERS)}"
            )
        for name in ("learning_rate", "batch_size", "clip"):
            if not getattr(self, name) > 0:
                raise InputError(f"parameter {name!r} is {getattr(self, name)}, expected > 0")
        for name in ("augmentation", "warmup"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"parameter {name!r} is {getattr(self, name)}, expected 0..1")

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

    def as_params(self) -> dict[str, Any]:
        """Return the parameters as plain values."""
        return asdict(self)
