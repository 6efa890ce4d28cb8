"""How an option is declared, and how it is spelled."""

from collections.abc import Callable
from dataclasses import field
from typing import Any


def option(
    read: Callable[[Any], Any] | dict[str, Callable[[Any], Any]],
    default: Any,
    help: str,
    metavar: str | None = None,
    *,
    many: bool = False,
    laid_over: bool = False,
    is_path: Callable[[Any], bool] | None = None,
    pool_only: bool = False,
    goes_on: bool = False,
    task: str | None = None,
    defaults: dict[str, Any] | None = None,
) -> Any:
    """Declare an option, with all that is to be known of it.

    Parameters
    ----------
    read
        Checks a value, see `utils.dag.options.readers`; perhaps another for each task.
    many
        Whether it takes several words, which add up where it is given several times.
    laid_over
        Whether words of the command line add to those of the TOML file, and do not replace them.
    is_path
        Whether a value, once read, is a path, which in a TOML file is relative to the file.
    pool_only
        Whether it means nothing to the local engine.
    goes_on
        Whether it may be given with ``--resume``, because it changes nothing of the plan.
    task
        The only task that it means something to; the help says so.
    defaults
        The default for each task; that which is declared is then None.
    """
    if task:
        help = f"with --task {task}: {help}"
    metadata = dict(locals())
    return field(default=metadata.pop("default"), metadata=metadata)


def always(value: Any) -> bool:
    """Return whether a value is a path, for an option whose every value is one."""
    return True


def spelled(name: str) -> str:
    """Return an option as the command line spells it: ``--run-dir``."""
    return "--" + name.replace("_", "-")
