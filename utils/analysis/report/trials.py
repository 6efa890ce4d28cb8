"""The trials of a hyper-parameter search, and why the one was kept whose settings are used."""

from collections.abc import Sequence
from typing import Any

from utils.search.space import from_record


def searched(params: dict[str, Any], trials: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return of each setting that was searched what it could be, what it was first, and what now.

    Parameters
    ----------
    params
        The record ``best_hpo_params.json``.
    trials
        As `utils.search.trials.read_trials` returns them.

    Returns
    -------
    ``{name, values, first, kept, importance}`` each, the most important first. Of `importance`, a
    share of what makes trials differ, there is None where too few were completed.
    """
    first = next((trial["params"] for trial in trials if trial["number"] == 0), {})
    shares = params.get("importance") or {}
    rows = [
        {
            "name": name,
            "values": str(from_record(record)),
            "first": first.get(name),
            "kept": params["params"].get(name),
            "importance": shares.get(name),
        }
        for name, record in params.get("searched", {}).items()
    ]
    return sorted(rows, key=lambda row: -(row["importance"] or 0.0))


def why_kept(
    params: dict[str, Any], trials: Sequence[dict[str, Any]], objective: str = "mAP"
) -> str:
    """Return which trial was kept, and why that one, in a sentence or two.

    Parameters
    ----------
    params
        The record ``best_hpo_params.json``.
    trials
        As `utils.search.trials.read_trials` returns them.
    objective
        What trials are judged by on validation.
    """
    kept, value = params["number"], params["value"]
    start = next((trial for trial in trials if trial["number"] == 0), None)
    told = f"Trial {kept} was kept, with a validation {objective} of {value:.3f}"
    if start is None or start["state"] != "complete":
        became = {"pruned": "was stopped early", "fail": "failed"}
        state = became.get(start["state"], "did not end") if start else "is not known"
        return (
            f"{told}: the highest of the trials that were completed. Trial 0, where the search "
            f"started and which others would have had to beat, {state}."
        )
    if kept != 0:
        return (
            f"{told}: the highest, and higher than trial 0, where the search started "
            f"({start['value']:.3f}), by more than that one's standard error "
            f"({params['error']:.3f})."
        )
    if params["highest"] > value:
        others = [t["number"] for t in trials if t["state"] == "complete" and t["value"] > value]
        names = ", ".join(map(str, others))
        return (
            f"{told}: no trial beat it by more than its standard error ({params['error']:.3f}). "
            f"It is where the search started; {'trials' if len(others) > 1 else 'trial'} {names} "
            f"reached more, at most {params['highest']:.3f}, which chance explains as well."
        )
    others = sum(trial["state"] == "complete" for trial in trials) - 1
    if not others:
        return f"{told}: no other trial was completed."
    return f"{told}: no trial reached more. It is where the search started."
