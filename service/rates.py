"""The share of people who wear a mask properly on several photographs, with its interval."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from service.looking import Found
from service.models import Served
from service.problems import Problem, of_input_error
from utils.analysis.prediction.looking import Unread
from utils.apply import looking
from utils.apply.collected import Collected
from utils.errors import InputError


@dataclass(frozen=True, eq=False)
class Rate:
    """The rate of photographs that were looked at closely: a `service.running.Task`.

    Attributes
    ----------
    served
        Which model looked.
    found
        What it found on each.
    unread
        Those that could not be read, each with its ``file``.
    """

    served: Served
    found: Sequence[Found]
    unread: Sequence[Problem]

    @property
    def together(self) -> Hashable:
        return id(self)

    @staticmethod
    def run(tasks: "Sequence[Rate]") -> list[dict[str, Any] | Problem]:
        """Return the record ``rate.json`` of detect.py (`utils.apply.rate`) for each."""
        return [task._record() for task in tasks]

    def _record(self) -> dict[str, Any] | Problem:
        collected = Collected(self.served.model)
        for one in self.found:
            collected.add(looking.Found(one.record, one.fingerprint, None))
        for one in self.unread:
            collected.add(Unread(one.file, one.error))
        try:
            return collected.rate(collected.predictions())
        except InputError as error:
            return of_input_error(error, None)
