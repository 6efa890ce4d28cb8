"""What the hyper-parameter search may choose, and what it starts from.

It moves what decides most, and differs most, between data sets, around where it starts; none of it
depends on the architecture or the optimiser.
"""

from typing import TYPE_CHECKING, Any

from utils.training.recipe import Recipe

if TYPE_CHECKING:
    from optuna.trial import Trial

SEARCHED = ("learning_rate", "weight_decay", "batch_size", "augmentation")


def default_params() -> dict[str, Any]:
    """Return the hyper-parameters without a search, and of every search's first trial."""
    return Recipe().as_params()


def suggest_params(trial: "Trial", start: dict[str, Any]) -> dict[str, Any]:
    """Ask `trial` for every knob; what is not searched stays as in `start`."""
    rate, decay, strength = (start[n] for n in ("learning_rate", "weight_decay", "augmentation"))
    chosen = {
        "learning_rate": trial.suggest_float("learning_rate", rate / 4, 2 * rate, log=True),
        "weight_decay": trial.suggest_float("weight_decay", decay / 5, 4 * decay, log=True),
        "batch_size": trial.suggest_categorical(
            "batch_size", sorted({4, 8, 16, start["batch_size"]})
        ),
        "augmentation": trial.suggest_float("augmentation", min(0.3, strength), 1.0),
    }
    return start | chosen


def as_study_params(params: dict[str, Any]) -> dict[str, Any]:
    """Return the searched ones among `params`."""
    return {name: params[name] for name in SEARCHED}
