"""All options of a run, as one table; what reads them goes through it field by field."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from utils.dag.options.data import DataOptions
from utils.dag.options.learning import LearningOptions
from utils.dag.options.looking import LookingOptions
from utils.dag.options.running import MachineOptions, PlaceOptions


@dataclass(frozen=True)
class Options(MachineOptions, LookingOptions, LearningOptions, PlaceOptions, DataOptions):
    """Everything that a run can be told. The help texts are the documentation of the fields.

    The fields come in the order of the bases, the last base first: so does the help.
    """

    def __post_init__(self) -> None:
        for item in fields(self):
            if getattr(self, item.name) is None and (defaults := item.metadata["defaults"]):
                object.__setattr__(self, item.name, defaults[self.task])

    def as_dict(self) -> dict[str, Any]:
        """Return the options as JSON types."""

        def plain(value: Any) -> Any:
            if isinstance(value, tuple):
                return [str(item) for item in value]
            return str(value) if isinstance(value, Path) else value

        return {item.name: plain(getattr(self, item.name)) for item in fields(self)}


def marked(mark: str) -> list[str]:
    """Return the names of the options that are declared with a mark, e.g. ``pool_only``."""
    return [item.name for item in fields(Options) if item.metadata[mark]]
