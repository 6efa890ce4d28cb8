"""Which of the parameters that were searched made the difference between trials."""

import optuna
from optuna.trial import TrialState

LEAST, EACH = 20, 10
"""Completed trials that it takes: so many, and so many for each parameter that was searched. From
fewer, parameters that do nothing are given a third and more."""


def importance(study: optuna.Study) -> dict[str, float] | None:
    """Return each searched parameter's share of what makes trials differ, largest first.

    By functional ANOVA over a forest of trees fitted to the completed trials (Hutter et al. 2014).
    The shares add up to 1.

    Returns
    -------
    None, if fewer trials were completed than it takes, or all reached the same.
    """
    done = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    if not done or len(done) < max(LEAST, EACH * len(done[0].params)):
        return None
    if not done[0].params or len({trial.value for trial in done}) == 1:
        return None
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    # Imported here, because scikit-learn, on which they stand, changes the process's environment.
    shares = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    return {name: float(share) for name, share in shares.items()}
