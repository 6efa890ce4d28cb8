"""``report.html``: one page that needs no other file and no network."""

import io
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from typing import Any

import jinja2
from PIL import Image

from utils.analysis.evaluation.joined import correcting_photos
from utils.analysis.plots.judged_faces import words as words_of_face
from utils.analysis.plots.mistakes import words
from utils.analysis.prediction.merged import Predictions
from utils.analysis.report.annotated_data import changes
from utils.analysis.report.kinds import DETECTOR, in_words_of, kind_of
from utils.analysis.report.meaning import meaning
from utils.analysis.report.moving import Moving
from utils.analysis.report.pictures import data_address
from utils.analysis.report.planned import narrower
from utils.analysis.report.stages import stages
from utils.analysis.report.trials import searched, why_kept
from utils.analysis.report.words import as_many_as, between, known_from, per_cent, share_digits
from utils.dataset.labels import CLASSES, COLOURS, TITLES
from utils.dataset.shards import Photo
from utils.errors import number_of
from utils.tasks import TASKS

ROWS = 200
"""Photographs in a table of the page; ``predictions.txt`` has them all."""

_CONFIGURATION = (
    "name",
    "created",
    "command",
    "options",
    "data",
    "versions",
    "git_commit",
    "digests",
    "weights",
)
_WIDEST, _CROWDED = 1000, 1600  # pixels of a picture in the gallery: usual, and of a crowd
_CROWD = 25


def render(
    *,
    prevalence: dict[str, Any],
    evaluation: dict[str, Any],
    predictions: Predictions,
    gallery: tuple[list[dict[str, Any]], list[dict[str, Any]]],
    drawings: dict[str, Photo],
    configuration: dict[str, Any],
    split: dict[str, Any],
    training: dict[str, Any],
    params: dict[str, Any] | None,
    trials: list[dict[str, Any]],
    pictures: dict[str, list[dict[str, Any]]],
    seed: int,
    moving: Moving | None = None,
) -> str:
    """Return the page.

    Parameters
    ----------
    prevalence, evaluation, configuration, split, training, params
        The records of these names; fields that `configuration` lacks are left out.
    predictions, gallery, drawings
        All predictions, which of them to show, and their drawings by name.
    trials
        Of the hyper-parameter search (`utils.search.trials.read_trials`), empty without
        one.
    pictures
        By their place, as `utils.analysis.report.pictures.read_pictures` returns them.
    seed
        The run's seed.
    moving
        What was seen in videos, if there were any.
    """
    objective = TASKS[evaluation.get("task", "detect")].objective
    kind, judged = kind_of(evaluation), evaluation.get("classification")
    others = moving.templates if moving else {}
    template = environment(others, kind).get_template("report.html")
    return template.render(
        classes=[
            {"name": name, "title": TITLES[k], "colour": COLOURS[k]}
            for k, name in enumerate(CLASSES, start=1)
        ],
        prevalence=prevalence,
        asked=meaning(prevalence["absent"]),
        as_many_as=as_many_as(prevalence) if predictions.summaries else "",
        narrower=narrower(prevalence),
        digits=share_digits(prevalence["properly_masked"]["interval"]),
        evaluation=evaluation,
        worst=_worst(correcting_photos(evaluation, join_validation=False)),
        mistakes=_in_words(evaluation["mistakes"], words),
        judged=judged,
        confused=_in_words(judged["mistakes"], words_of_face) if judged else [],
        stages=stages(prevalence, evaluation) if predictions.summaries else None,
        videos=moving.values if moving else None,
        videos_alone=bool(moving) and not predictions.summaries and not predictions.skipped,
        kind=kind,
        model_word=in_words_of(kind, "detector"),
        objective=objective,
        predictions=predictions,
        rows=predictions.summaries[:ROWS],
        most=ROWS,
        resembling=[photo for photo in predictions.summaries if photo["resembles"]],
        gallery=[[_shown(photo, drawings) for photo in half] for half in gallery],
        configuration={**dict.fromkeys(_CONFIGURATION), **configuration},
        split=split,
        changes=changes(configuration.get("data") or {}, split),
        training=training,
        made=_made(training, evaluation),
        losses=_losses(training, evaluation),
        params=params,
        trials=trials,
        searched=searched(params, trials) if params else [],
        varied=_varied(trials),
        why_kept=why_kept(params, trials, objective) if params else "",
        pictures=pictures,
        seed=seed,
    )


def _in_words(
    mistakes: Sequence[dict[str, Any]], words: Callable[[dict[str, Any]], tuple[str, str]]
) -> list[dict[str, Any]]:
    """Return mistakes with words: ``what`` was done, and ``why`` it is wrong."""
    return [{**one, **dict(zip(("what", "why"), words(one), strict=True))} for one in mistakes]


def environment(
    others: Mapping[str, str] | None = None, kind: str = DETECTOR
) -> jinja2.Environment:
    """Return what pages are rendered by: the report's templates, style and words of numbers.

    Parameters
    ----------
    others
        Templates of other pages, by name.
    kind
        Of model, in whose words a page is.
    """
    folder = files("utils.analysis.report") / "templates"  # found in utils.zip, too
    pages = ("report.html", "places.html", "detection.html", "classification.html")
    names = (*pages, "head.html", "report.css", "macros.html")
    own = {name: (folder / name).read_text("utf-8") for name in names}
    made = jinja2.Environment(
        loader=jinja2.DictLoader({**own, **(others or {})}),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "per_cent": lambda share, digits=0: _unbroken(per_cent(share, digits)),
        "score": lambda score: "-" if score is None else f"{score:.3f}",
        "per_cent_points": lambda share: f"{100 * share:.0f}",
        "of_kind": partial(in_words_of, kind),
        "unbroken": _unbroken,
        "value": _value,
    }
    made.globals |= {"number_of": number_of, "between": between, "known_from": known_from}
    return made


def _worst(photos: list[dict[str, Any]], shown: int = 8) -> list[dict[str, Any]]:
    """Return the test photographs with most mistakes: how many of each kind."""
    result = []
    for photo in photos:
        table = photo["confusion"]
        inner = [row[1:] for row in table[1:]]
        right = sum(inner[k][k] for k in range(len(inner)))
        mistakes = {
            "name": photo["name"],
            "faces": sum(map(sum, table[1:])),
            "missed": sum(row[0] for row in table[1:]),
            "invented": sum(table[0][1:]),
            "confused": sum(map(sum, inner)) - right,
        }
        mistakes["all"] = mistakes["missed"] + mistakes["invented"] + mistakes["confused"]
        result.append(mistakes)
    result = [photo for photo in result if photo["all"]]
    return sorted(result, key=lambda photo: (-photo["all"], photo["name"]))[:shown]


def _made(training: dict[str, Any], evaluation: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what a model is, and of what it was made, in names and values."""
    judges = training.get("task") == "classify"
    things = "faces" if judges else "images"
    facts = {
        "architecture": evaluation["model"]["arch"] if judges else training["arch"],
        "weights to train": training["parameters"],
        "image size": f"{training['image_size']} pixels",
        f"training {things}, with noise copies": training["photos"],
        "epochs": len(training["epochs"]),
        "device": training["device"],
    }
    if judges:
        margin = training.get("margin")
        facts["margin around a face, of its longer side"] = (
            None if margin is None else per_cent(margin)
        )
        facts["layers that did not learn (--freeze)"] = training.get("freeze")
    if evaluation["average_precision"]:
        facts["threshold, from validation"] = evaluation["threshold"]
    return [(name, _value(value)) for name, value in facts.items() if value is not None]


def _losses(training: dict[str, Any], evaluation: dict[str, Any]) -> list[tuple[str, list]]:
    """Return each loss's name and values: of training and validation after the end, and the test.

    Empty where the test has none.
    """
    last = training["epochs"][-1] if training["epochs"] else {}
    validation = (last.get("validation") or {}).get("loss") or {}
    return [
        (name, [(last.get("loss") or {}).get(name), validation.get(name), value])
        for name, value in (evaluation.get("loss") or {}).items()
    ]


def _varied(trials: list[dict[str, Any]]) -> list[str]:
    """Return the names of the settings in which trials differ."""
    values: dict[str, set[str]] = {}
    for trial in trials:
        for name, value in trial["params"].items():
            values.setdefault(name, set()).add(json.dumps(value))
    return sorted(name for name, seen in values.items() if len(seen) > 1)


def _shown(photo: dict[str, Any], drawings: dict[str, Photo]) -> dict[str, Any]:
    crowd = photo["people"] + photo["doubtful"] > _CROWD
    image = Image.fromarray(drawings[photo["name"]].decode())
    image.thumbnail((_CROWDED if crowd else _WIDEST,) * 2, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, format="JPEG", quality=84)
    return {**photo, "wide": crowd, "picture": data_address(file.getvalue(), "jpeg")}


def _unbroken(text: str) -> str:
    """Keep a number and its per cent sign on one line."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _value(value: Any) -> str:
    """Return a number, an option or a record's field as text."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, int):
        return f"{value:,}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
