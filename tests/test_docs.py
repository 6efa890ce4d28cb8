"""What documents say of the code is what the code says."""

import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

import detect
import workflow
from tests.formats.class_folders import folders_mended, folders_refused, layouts_of_folders
from tests.formats.layouts import layouts
from tests.formats.mistakes import mended, refused
from utils.classifier import names as classifiers
from utils.classifier.finders.names import FINDERS
from utils.dag.options.declared import spelled
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.resources import RESOURCES

DOCS = Path(__file__).resolve().parents[1] / "docs"
README = (DOCS.parent / "README.md").read_text()
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.parent.glob("*.md"), *DOCS.parent.glob("d*/*.md")])


def test_the_readme_tells_of_every_option():
    told = set(re.findall(r"--[a-z-]+", README))
    options = {  # of those that are on by default the README names what turns them off
        spelled(f"no_{item.name}" if item.default is True else item.name)
        for item in fields(Options)
    }
    assert options - told == set()


def test_the_readme_tells_of_every_output():
    uses = [use for job in build_workflow(Options()).jobs.values() for use in job.uses]
    kept = {re.sub(r"_\d+\.", "_<p>.", use.file.lfn) for use in uses if use.stage_out}
    assert len(kept) > 10
    assert kept - set(re.findall(r"`([\w.<>]+)`", README)) == set()


def test_the_page_on_outputs_tells_of_those_of_videos():
    def kept(options):
        uses = [use for job in build_workflow(options).jobs.values() for use in job.uses]
        return {re.sub(r"_\d+\.", "_<p>.", use.file.lfn) for use in uses if use.stage_out}

    more = kept(Options(predict=(Path("clip.mp4"), Path("new")))) - kept(Options())
    assert len(more) > 4
    assert more - set(re.findall(r"`([\w.<>]+)`", (DOCS / "outputs.md").read_text())) == set()


def test_the_page_on_classifying_tells_of_the_outputs_that_it_has_besides():
    def kept(options):
        uses = [use for job in build_workflow(options).jobs.values() for use in job.uses]
        return {use.file.lfn for use in uses if use.stage_out}

    more = kept(Options(task="classify", faces="haar")) - kept(Options())
    assert len(more) > 4
    text = (DOCS / "classify.md").read_text()
    assert more - set(re.findall(r"`([\w.]+)`", text)) == set()
    assert all(f"`{name}`" in text for name in (*classifiers.ARCHITECTURES, *FINDERS))


def test_the_readme_is_short_and_names_every_room():
    assert len(README.splitlines()) < 200
    rooms = {path.parent.name for path in (DOCS.parent / "utils").glob("*/__init__.py")}
    assert rooms - set(re.findall(r"(\w+)/", README.partition("## Layout")[2])) == set()


@pytest.mark.parametrize(
    "kind",
    [
        *("preprocess_aug_train", "hpo_trial", "train_model", "evaluate"),
        *("predict", "predict_videos"),
    ],
)
def test_the_resources_in_the_page_on_pilots_are_those_of_the_table(kind):
    row = rf"^\| `{kind}` \|.*\| (\d+) \| ([\d,]+) \| ([\d,]+) \|$"
    found = re.search(row, (DOCS / "pilots.md").read_text(), re.MULTILINE)
    told = tuple(int(number.replace(",", "")) for number in found.groups())
    asked = RESOURCES[kind]
    memory = asked.memory + (Options().cache_mb if asked.caches else 0)
    assert told == (asked.cores, memory, asked.disk)


def commands(page: Path) -> list[tuple[str, str]]:
    """Return program and arguments of the command lines of a page, in lines and in sentences."""
    text = page.read_text().replace("\\\n", " ")
    program = r"python (workflow|detect)\.py\b"
    return re.findall(rf"^ *{program}(.*)", text, re.M) + re.findall(rf"`{program}([^`]*)`", text)


def test_the_commands_that_pages_name_are_taken():
    taken = 0
    for page in PAGES:
        for program, line in commands(page):
            if "[" in line or line.startswith(" NAME"):  # no command, but what they look like
                continue
            words = shlex.split(re.split(r" +[#|>;&]", line)[0])
            words = [word for word in words if word not in ("...", "--help")]
            if program == "detect":
                detect.parser().parse_args(words)
            else:
                assert workflow.parser().parse_args(words).command in workflow.ALL, line
            taken += 1
    assert taken > 80


def test_the_targets_of_make_that_pages_name_are_there():
    targets = set(re.findall(r"^([a-z-]+):", (DOCS.parent / "Makefile").read_text(), re.MULTILINE))
    scripts = {f"benchmark-{path.stem}" for path in (DOCS.parent / "benchmarks").glob("*.py")}
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z][\w-]*)", page.read_text()))
        assert named - targets - scripts == set(), page


@pytest.mark.parametrize("page", ["data.md", "reliability.md", "security.md"])
def test_the_tests_that_a_page_names_are_there(page):
    text = (DOCS / page).read_text()
    paths = set(re.findall(r"`(tests/[\w/]+(?:\.py|/))`", text))
    assert len(paths) > 1
    assert {path for path in paths if not (DOCS.parent / path).exists()} == set()
    source = "".join(path.read_text() for path in (DOCS.parent / "tests").rglob("*.py"))
    names = set(re.findall(r"`(test_[a-z_0-9]+)`", text))
    assert {name for name in names if f"def {name}(" not in source} == set()


def test_the_page_on_data_lists_every_case():
    rows = [
        re.split(r" \| ", line.strip("| "))[-1]
        for line in (DOCS / "data.md").read_text().splitlines()
        if line.startswith("| ") and not line.endswith("case |")
    ]
    told = {case for row in rows for case in re.findall(r"`([^`]+)`", row)}
    sets = (layouts(), mended(), refused(), layouts_of_folders(), folders_mended())
    names = [name for cases in (*sets, folders_refused()) for name, *_ in cases]
    assert told == set(names)
    assert len(set(names)) >= 40
