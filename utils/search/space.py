"""What the hyper-parameter search may choose, and what it starts from."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.records import read_record
from utils.training.recipe import Recipe

if TYPE_CHECKING:
    from optuna.trial import Trial


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, both included: whole ones where `low` is an int.

    Attributes
    ----------
    log
        Whether they are chosen by their logarithm: as many below a tenth as above it.
    """

    low: float
    high: float
    log: bool = False

    def suggest(self, trial: "Trial", name: str) -> float:
        """Ask `trial` for a value."""
        ask = trial.suggest_int if isinstance(self.low, int) else trial.suggest_float
        return ask(name, self.low, self.high, log=self.log)

    def nearest(self, value: Any) -> Any:
        """Return what of the range is nearest to `value`."""
        return min(max(value, self.low), self.high)

    def __str__(self) -> str:
        by = ", by its logarithm" if self.log else ""
        return f"{short(self.low)} to {short(self.high)}{by}"

    def as_record(self) -> dict[str, Any]:
        """Return plain values."""
        return {"low": self.low, "high": self.high, "log": self.log}


@dataclass(frozen=True)
class Choices:
    """One of several values."""

    values: tuple[Any, ...]

    def suggest(self, trial: "Trial", name: str) -> Any:
        """Ask `trial` for a value."""
        return trial.suggest_categorical(name, self.values)

    def nearest(self, value: Any) -> Any:
        """Return `value` where it is a choice, else the nearest number, or the first word."""
        if value in self.values or isinstance(value, str):
            return value if value in self.values else self.values[0]
        return min(self.values, key=lambda choice: abs(choice - value))

    def __str__(self) -> str:
        return " or ".join(map(short, self.values))

    def as_record(self) -> dict[str, Any]:
        """Return plain values."""
        return {"choices": list(self.values)}


Space = Mapping[str, Range | Choices]
"""What may be chosen, by the name of the parameter."""


def default_params() -> dict[str, Any]:
    """Return the hyper-parameters without a search, and of every search's first trial."""
    return Recipe().as_params()


def read_params(path: Path | None) -> dict[str, Any]:
    """Return the parameters that ``hpo.py best`` wrote to `path`, or the defaults without one."""
    return read_record(path)["params"] if path else default_params()


def default_space(start: Mapping[str, Any]) -> Space:
    """Return what is searched where nobody says what.

    It is what decides most, and differs most, between data sets, around where the search starts;
    none of it depends on the architecture or the optimiser.
    """
    rate, decay, strength = (start[n] for n in ("learning_rate", "weight_decay", "augmentation"))
    batch = start["batch_size"]
    batches = {4, 8, 16, batch} if batch <= 16 else {batch // 2, batch, 2 * batch}
    return {
        "learning_rate": Range(rate / 4, 2 * rate, log=True),
        "weight_decay": Range(decay / 5, 4 * decay, log=True),
        "batch_size": Choices(tuple(sorted(batches))),
        "augmentation": Range(min(0.3, strength), 1.0),
    }


def moved_into(space: Space, start: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a search of `space` starts: at `start`, or as near to it as `space` allows."""
    return {**start, **{name: values.nearest(start[name]) for name, values in space.items()}}


def suggest_params(trial: "Trial", space: Space, start: Mapping[str, Any]) -> dict[str, Any]:
    """Ask `trial` for all that is searched; what is not stays as in `start`."""
    return {**start, **{name: values.suggest(trial, name) for name, values in space.items()}}


def space_of(trial: "Trial") -> Space:
    """Return what a trial could choose from, as the study knows it."""
    return {
        name: Choices(known.choices)
        if hasattr(known, "choices")
        else Range(known.low, known.high, known.log)
        for name, known in trial.distributions.items()
    }


def from_record(record: Mapping[str, Any]) -> Range | Choices:
    """Return what `as_record` returned of it."""
    return Choices(tuple(record["choices"])) if "choices" in record else Range(**record)


def short(value: Any) -> str:
    """Return a value of a parameter in a few characters."""
    return f"{value:g}" if isinstance(value, float) else str(value)
