"""What the hyper-parameter search may choose, and what it starts from.

All knobs are independent of the architecture. Each optimiser has a learning rate of its own, since
good ones lie a factor of ten apart: the study calls them ``learning_rate_adamw`` and
``learning_rate_sgd``, everybody else ``learning_rate``.
"""

from typing import TYPE_CHECKING, Any

from utils.detector.recipe import OPTIMIZERS, Recipe

if TYPE_CHECKING:
    from optuna.trial import Trial

LEARNING_RATES = {"adamw": (2e-4, 4e-3), "sgd": (2e-3, 4e-2)}


def default_params() -> dict[str, Any]:
    """Return the hyper-parameters without a search, and of every search's first trial."""
    return Recipe().as_params()


def suggest_params(trial: "Trial") -> dict[str, Any]:
    """Ask `trial` for every knob; what is not searched has its default."""
    optimizer = trial.suggest_categorical("optimizer", OPTIMIZERS)
    low, high = LEARNING_RATES[optimizer]
    chosen = {
        "optimizer": optimizer,
        "learning_rate": trial.suggest_float(f"learning_rate_{optimizer}", low, high, log=True),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 0.1, log=True),
        "batch_size": trial.suggest_categorical("batch_size", (2, 4, 8)),
        "augmentation": trial.suggest_float("augmentation", 0.0, 1.0),
    }
    return default_params() | chosen


def as_study_params(params: dict[str, Any]) -> dict[str, Any]:
    """Undo `suggest_params`: return what the study calls the searched ones among `params`."""
    optimizer = params["optimizer"]
    searched = {name: params[name] for name in ("weight_decay", "batch_size", "augmentation")}
    return {
        "optimizer": optimizer,
        f"learning_rate_{optimizer}": params["learning_rate"],
        **searched,
    }
