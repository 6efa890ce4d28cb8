"""The card of the model in the box: every number in it is read from the records of its runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.analysis.evaluation.evaluate import SCHEMA
from utils.dag.run_folder import OUTPUT
from utils.dag.run_record import RECORD
from utils.dataset.labels import CLASSES, TITLES
from utils.dataset.splitting import SIDES
from utils.detector.model_file import read_model
from utils.errors import InputError, number_of
from utils.networks.model_file import learnt_by
from utils.records import read_record

FEW_FACES = 20
"""Of a size, fewer than which show little of how well it is found."""

MOST_BYTES = 12_000_000
"""Of the file in the box: whoever clones the project gets it."""

SEEN = ("nothing", *(f"'{title}'" for title in TITLES[1:]))

TEMPLATE = Path(__file__).with_name("card.txt")


def card(model: Path, folders: Sequence[Path], source: str, command: str, config: str) -> str:
    """Return the card of a model file as Markdown.

    Parameters
    ----------
    model
        The file, of the first of `folders`.
    folders
        Run folders with equal options but for the seed.
    source
        What the photographs are, and their licence.
    command
        What made all this.
    config
        The text of the configuration file.

    Raises
    ------
    InputError
        If the file is too large for the box, or does not belong to the first run.
    """
    file, digest = read_model(model)
    if (size := model.stat().st_size) > MOST_BYTES:
        raise InputError(
            f"{model}: {size:,} bytes, and the box holds {MOST_BYTES:,}; choose a smaller --arch"
        )
    outputs = [folder / OUTPUT for folder in folders]
    evaluations = [read_record(folder / "evaluation.json", SCHEMA) for folder in outputs]
    training = read_record(outputs[0] / "training.json")
    split = read_record(outputs[0] / "split.json")
    planned = [read_record(folder / "configuration.json") for folder in folders]
    configuration, seeds = planned[0], [one["options"]["seed"] for one in planned]
    first = evaluations[0]
    learnt = learnt_by(model)
    return TEMPLATE.read_text().format(
        name=model.name,
        command_block=f"    {command}",
        arch=file.arch,
        parameters=training["parameters"],
        image_size=file.image_size,
        started=_started(configuration["weights"]),
        megabytes=size / 1e6,
        digest=digest,
        source=source[0].upper() + source[1:],
        photos=f"{configuration['data']['photos']:,}",
        faces=f"{sum(configuration['data']['faces'].values()):,}",
        split=_split(split),
        learnt=number_of(len(learnt) if learnt else 0, "photograph"),
        are="is" if learnt and len(learnt) == 1 else "are",
        epochs=number_of(len(training["epochs"]), "epoch"),
        seed=seeds[0],
        minutes=_minutes(folders[0]),
        commit=(configuration["git_commit"] or "unknown")[:12],
        configuration=config.strip(),
        tested=first["photos"],
        precision=precision_table(first),
        threshold=first["threshold"],
        point=point_table(first),
        splits=_splits(seeds, evaluations),
        weak=weaknesses(first),
    )


def precision_table(evaluation: dict[str, Any]) -> str:
    """Return average precision by class and by size of the face, as Markdown."""
    precision = evaluation["average_precision"]
    rows = [("all classes", sum(evaluation["faces"].values()), precision)]
    rows += [(TITLES[k], part["faces"], part) for k, part in _by_class(precision["classes"])]
    rows += [(_size(name, part), part["faces"], part) for name, part in precision["sizes"].items()]
    head = ["", "faces", "mAP at IoU 0.5", "mAP at IoU 0.5:0.95"]
    return _table(
        head,
        [[name, f"{n:,}", _cell(one, "map_50"), _cell(one, "map")] for name, n, one in rows],
    )


def point_table(evaluation: dict[str, Any]) -> str:
    """Return precision and recall at the operating threshold, as Markdown."""
    point = evaluation["operating_point"]
    rows = [("a face of any class", point["any_class"]), ("of the right class", point["overall"])]
    rows += [(TITLES[k], part) for k, part in _by_class(point["classes"])]
    return _table(
        ["", "faces", "precision", "recall"],
        [[n, f"{p['faces']:,}", _cell(p, "precision"), _cell(p, "recall")] for n, p in rows],
    )


def weaknesses(evaluation: dict[str, Any]) -> str:
    """Say what goes wrong most, by the mistakes that were counted on the test photographs."""
    table = evaluation["confusion"]
    told = []
    for truth, row in enumerate(table[1:], start=1):
        faces = sum(row)
        wrong = sorted(
            ((count, claim) for claim, count in enumerate(row) if claim != truth and count),
            reverse=True,
        )
        if not faces:
            told.append(f"- There was no test face of class '{TITLES[truth]}'.")
        elif wrong:
            parts = [
                f"{count} missed" if claim == 0 else f"{count} taken for {SEEN[claim]}"
                for count, claim in wrong
            ]
            told.append(
                f"- Of {number_of(faces, 'face')} of class '{TITLES[truth]}', "
                f"{row[truth]} are found as such, {', '.join(parts)}."
            )
    invented = sum(table[0])
    told.append(f"- {number_of(invented, 'box', 'boxes')} of no face {_are(invented)} counted.")
    sizes = evaluation["average_precision"]["sizes"]
    known = [(p["map_50"], _size(n, p)) for n, p in sizes.items() if p["faces"] >= FEW_FACES]
    if known:
        worst = min(known)
        told.append(f"- It does worst on faces that are {worst[1]}: mAP at IoU 0.5 {worst[0]:.2f}.")
    return "\n".join(told)


def _started(weights: dict[str, Any]) -> str:
    """Say whose weights the training started from, without the path that a file had."""
    origin = weights.get("origin") or {}
    if origin.get("network"):
        return f"{origin['network']}; {origin['file']} of {origin['source']}, {origin['licence']}"
    return weights["file"] or "nothing: random weights"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _minutes(folder: Path) -> str:
    """Say what the training took, if the run's record knows it (a cached job took nothing)."""
    job = read_record(folder / RECORD).get("jobs", {}).get("train_model", {})
    seconds = job.get("cpu_seconds")
    return f", {seconds / 60:.0f} minutes of one core" if seconds else ""


def _split(split: dict[str, Any]) -> str:
    rows = []
    for side in SIDES:
        part = split["sides"][side]
        counts = [part["faces"][name] for name in CLASSES]
        rows.append([side, part["photos"], part["groups"], *counts])
    return _table(["side", "photographs", "groups", *TITLES[1:]], rows)


def _splits(seeds: Sequence[int], evaluations: Sequence[dict[str, Any]]) -> str:
    """Return how good the same recipe is on other splits."""
    if len(evaluations) < 2:
        return "Other splits were not tried."
    rows = []
    for number, one in enumerate(evaluations):
        precision = one["average_precision"]
        parts = [part for _, part in _by_class(precision["classes"])]
        cells = [_cell(part, "map_50") for part in (precision, *parts)]
        rows.append([seeds[number], one["photos"], *cells])
    table = _table(["seed", "test photographs", "mAP at IoU 0.5", *TITLES[1:]], rows)
    return (
        "The same recipe on other splits, each trained anew (the file is of the first):\n\n" + table
    )


def _by_class(parts: dict[str, Any]) -> list[tuple[int, Any]]:
    return [(number, parts[name]) for number, name in enumerate(CLASSES, start=1)]


def _size(name: str, part: dict[str, Any]) -> str:
    upper = part["below"]
    span = f"from {part['from']}" if upper is None else f"{part['from']} to {upper}"
    return f"{name} ({span} pixels)"


def _cell(part: dict[str, Any], key: str) -> str:
    value, interval = part[key], part.get("intervals", {}).get(key)
    if value is None:
        return "-"
    return f"{value:.3f}" + (f" [{interval[0]:.2f} {interval[1]:.2f}]" if interval else "")


def _table(head: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
