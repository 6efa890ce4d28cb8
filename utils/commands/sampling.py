"""Commands that go on from the answer of a finished run: ``suggest`` and ``plan-sample``."""

from collections.abc import Sequence
from typing import Any

from utils.commands.command import Command, Option, Tell, named_folder
from utils.dag.options.readers import choice, path, real, whole
from utils.dag.run_folder import OUTPUT
from utils.dag.run_record import open_record


def _suggest(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.analysis.sample.commands import deal  # it needs NumPy

    folder = named_folder("suggest", words)
    tell(deal(folder, folder / OUTPUT, open_record(folder), given))
    return 0


def _plan(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.analysis.sample.commands import tell_plan

    folder = named_folder("plan-sample", words)
    tell(tell_plan(folder, folder / OUTPUT, open_record(folder), given))
    return 0


SAMPLING = (
    Command(
        "suggest",
        "deal new photographs of a finished run to annotate, for a surer answer",
        _suggest,
        options={
            "number": Option(whole(1), "how many photographs to deal (default: 30)", metavar="N"),
            "output": Option(path, "folder to write (default: RUN_DIR/annotate)", metavar="PATH"),
            "format": Option(
                choice("voc", "yolo", "coco"), "of the annotations to fill in (default: voc)"
            ),
            "seed": Option(whole(0, 2**32 - 1), "of the drawing (default: the run's)"),
        },
    ),
    Command(
        "plan-sample",
        "how many photographs a narrower answer takes",
        _plan,
        options={
            "half_width": Option(
                real(0.1, 49),
                "percentage points to each side to plan for (default: 5)",
                metavar="POINTS",
            )
        },
    ),
)
