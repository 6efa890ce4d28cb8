"""Commands of the registry: ``promote`` and ``rollback``."""

from collections.abc import Sequence
from typing import Any

from utils.commands.command import Command, Option, Tell, named_folder
from utils.dag.options.readers import flag, real
from utils.errors import InputError

STORE = Option(
    str,
    "address of the store, as `track` takes it (default: MLFLOW_TRACKING_URI, else a database "
    "beside the run)",
    metavar="URI",
    bare="",
)
NAME = Option(str, "of the model (default: mask-detector)")


def _promote(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.registry.promoting import Wishes, promote  # it needs PyTorch

    folder = named_folder("promote", words)
    to = {key: given.pop(key) for key in ("name", "track") if key in given}
    return 0 if promote(folder, tell, wishes=Wishes(**given), **to) else 1


def _rollback(words: Sequence[str], given: dict[str, Any], tell: Tell) -> int:
    from utils.registry.promoting import roll_back

    if words:
        raise InputError(f"rollback: takes no {words[0]}; the model is named by --name")
    roll_back(tell, **given)
    return 0


REGISTERING = (
    Command(
        "promote",
        "register a run's model, and make it the champion if it is good enough",
        _promote,
        options={
            "name": NAME,
            "track": STORE,
            "margin": Option(
                real(0, 1),
                "by how much it may be worse than the champion, of mAP or balanced accuracy "
                "(default: 0.02)",
                metavar="SHARE",
            ),
            "ms": Option(
                real(0.001),
                "milliseconds that it may take for a photograph on this machine (default: any)",
                metavar="N",
            ),
            "force": Option(flag, "make it the champion whatever it shows, which is recorded"),
        },
    ),
    Command(
        "rollback",
        "make the champion before the present one the champion again",
        _rollback,
        "",
        {"name": NAME, "track": STORE},
    ),
)
