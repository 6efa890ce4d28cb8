"""The rooms of the house: who may import whom. No arrow goes up, and none in a circle."""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]
GROUND = {"errors", "records", "seed", "files", "job", "signals", "light_torchvision"}
UNDER = {  # the rooms that each may import, besides the ground
    "dataset": set(),
    "metrics": {"dataset"},
    "drawing": {"metrics", "dataset"},
    "training": {"metrics", "dataset"},
    "search": {"training", "metrics", "dataset"},
    "networks": {"training", "metrics", "dataset"},
    "detector": {"networks", "search", "training", "metrics", "dataset"},
    "classifier": {"networks", "search", "training", "drawing", "metrics", "dataset"},
    "model_files": {"detector", "classifier", "training"},
    "models": {"model_files", "detector", "classifier", "tracking.registered"},
    "tasks": {"detector", "classifier", "training"},
    "analysis": {
        "tasks",
        "detector",
        "classifier",
        "networks",
        "search",
        "training",
        "drawing",
        "metrics",
        "dataset",
    },
    "apply": {
        "analysis",
        "models",
        "model_files",
        "detector",
        "classifier",
        "drawing",
        "metrics",
        "dataset",
    },
    "drift": {"apply", "analysis", "models", "model_files", "metrics", "dataset"},
    "video": {
        "drift",
        "apply",
        "analysis",
        "models",
        "model_files",
        "detector",
        "training",
        "drawing",
        "metrics",
        "dataset",
    },
    "spark": {
        "video",
        "apply",
        "analysis",
        "models",
        "model_files",
        "detector",
        "drawing",
        "metrics",
        "dataset",
    }
    | {"dag.code_bundle"},
    "tracking": {"dag", "search"},
    "comparison": {"tracking", "analysis", "metrics", "dataset", "dag"},
    "dag": {
        "detector.names",
        "classifier.names",
        "classifier.finders.names",
        "dataset.intake.kinds",
        "video.clock",
    },
    "dag.engines": {"dag"},
    "data_store": {"tracking", "analysis", "drawing", "dataset", "dag"},
    "commands": {
        "submission",
        "data_store",
        "dataset",
        "registry",
        "comparison",
        "tracking",
        "analysis",
        "drift",
        "video.sampling",
        "dag",
        "dag.engines",
    },
    "submitted_videos": {"dag", "video", "dataset"},
    "submission": {
        "data_store",
        "dag",
        "dag.engines",
        "submitted_videos",
        "detector",
        "classifier",
        "networks",
        "dataset",
    },
    "registry": {
        "comparison",
        "tracking",
        "models",
        "model_files",
        "analysis",
        "metrics",
        "dataset",
        "dag",
    },
}
SUBMIT_SIDE = (
    "utils.dag",
    "utils.data_store",
    "utils.dataset.intake",
    "utils.classifier.pretrained",
    "utils.detector.pretrained",
    "utils.networks.pretrained",
    "utils.submission",
    "utils.submitted_videos",
)


def imports(source: Path) -> Iterator[str]:
    """Yield the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: a relative import"
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if is_module(name) else node.module


def is_module(name: str) -> bool:
    place = PROJECT.joinpath(*name.split("."))
    return place.is_dir() or place.with_suffix(".py").is_file()


def room(module: str) -> str:
    """Return the room of a module of ours: ``dag.engines`` is one of its own."""
    parts = module.split(".")[1:]
    return "dag.engines" if parts[:2] == ["dag", "engines"] else (parts or [""])[0]


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PROJECT / folder).rglob("*.py"))


def name(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def arrows() -> Iterator[tuple[str, str]]:
    """Yield which module of the library imports which."""
    for path in sources("utils"):
        for module in imports(path):
            if module.split(".")[0] == "utils":
                yield name(path), module


def test_every_room_has_its_place():
    found = {room(name(path)) for path in sources("utils")} - {""}
    assert found == GROUND | UNDER.keys()


def test_no_arrow_goes_up():
    wrong = []
    for above, below in arrows():
        here, there = room(above), room(below)
        if there == here or there in GROUND or (here not in GROUND and there in UNDER[here]):
            continue
        if here in UNDER and below.removeprefix("utils.") in UNDER[here]:
            continue
        wrong.append(f"{above} imports {below}")
    assert not wrong


def test_no_modules_import_each_other_in_a_circle():
    graph: dict[str, set[str]] = {}
    for above, below in arrows():
        if above != below:
            graph.setdefault(above, set()).add(below)
    TopologicalSorter(graph).prepare()  # raises CycleError


@pytest.mark.parametrize("room_of_an_engine", ["local", "condor", "pegasus"])
def test_an_engine_knows_no_other(room_of_an_engine):
    mine = f"utils.dag.engines.{room_of_an_engine}"
    others = {f"utils.dag.engines.{it}" for it in ("local", "condor", "pegasus")} - {mine}
    for above, below in arrows():
        if above.startswith(mine):
            assert not any(below.startswith(other) for other in others), (above, below)


def test_jobs_import_nothing_of_the_submit_side():
    for path in sources("bin"):
        assert not [it for it in imports(path) if it.startswith(SUBMIT_SIDE)], path


def test_the_service_imports_of_the_app_and_the_submit_side_nothing_but_kinds_and_names_of_files():
    for path in sources("service"):
        ours = [it for it in imports(path) if it.split(".")[0] in ("utils", "app", "bin", "data")]
        kept = ("utils.dataset.intake.kinds", "utils.dataset.intake.names")
        assert not [it for it in ours if it not in kept and it.startswith((*SUBMIT_SIDE, "app."))]


def test_nothing_imports_a_front_door_or_the_painter_of_the_sample():
    outside = ("workflow", "detect", "bin", "data", "app", "service")
    for path in [*sources("utils", "bin"), PROJECT / "workflow.py", PROJECT / "detect.py"]:
        assert not [it for it in imports(path) if it.split(".")[0] in outside]
