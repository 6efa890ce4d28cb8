"""What documents say of the code is what the code says."""

import json
import re
import shlex
import subprocess
import sys
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

WITH_THESE_ALONE = """
import json, re, sys
from importlib import metadata

def needed(names):
    for name in names:
        yield name.lower()
        try:
            lines = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # of other systems, or of older versions of Python
            continue
        yield from needed(re.match("[\\w.-]+", line)[0] for line in lines if "extra" not in line)

known = {re.sub("[-_.]+", "-", name) for name in needed(json.loads(sys.argv[1]))}

class Others:
    there = metadata.packages_distributions()

    def find_spec(self, name, path=None, target=None):
        of = {re.sub("[-_.]+", "-", one.lower()) for one in self.there.get(name, [])}
        if of and not of & known:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Others())
import workflow
sys.exit(workflow.main(sys.argv[2:]))
"""
"""`workflow.py` where nothing but the packages named first, and what they need, is installed."""


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


def test_the_tests_and_files_that_pages_name_are_there():
    source = "".join(path.read_text() for path in (DOCS.parent / "tests").rglob("*.py"))
    rooms = "tests|utils|bin|app|service|benchmarks|configs|data|docker"
    named: list[str] = []
    for page in PAGES:
        text = page.read_text()
        paths = set(re.findall(rf"`((?:{rooms})/[\w/]+(?:\.py|\.toml|/))`", text))
        paths -= {"data/v2/Images", "data_store/"}
        assert {path for path in paths if not (DOCS.parent / path).exists()} == set(), page
        tests = set(re.findall(r"`(test_[a-z_0-9]+)`", text))
        assert {name for name in tests if f"def {name}(" not in source} == set(), page
        named += [*paths, *tests]
    assert len(named) > 100


def test_the_places_that_pages_link_to_are_there():
    def anchors(page: Path) -> set[str]:
        heads = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
        return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}

    followed = 0
    for page in PAGES:
        for link in re.findall(r"\]\(([^)\s:]+)\)", page.read_text()):
            path, _, anchor = link.partition("#")
            place = page.parent / path if path else page
            assert place.exists(), f"{page}: {link}"
            assert not anchor or anchor in anchors(place), f"{page}: {link}"
            followed += 1
    assert followed > 100


def test_what_the_page_on_pilots_installs_is_enough_to_plan(tmp_path):
    pattern = re.search(r"grep -iE '(\S+)' requirements", (DOCS / "pilots.md").read_text())[1]
    lines = (DOCS.parent / "requirements.txt").read_text().splitlines()
    names = [re.split(r"[=; ]", line)[0] for line in lines if re.search(pattern, line, re.I)]
    words = ["--engine", "local", "--weights", "none", "--dry-run", "--run-dir", tmp_path / "run"]
    call = [sys.executable, "-c", WITH_THESE_ALONE, json.dumps(names), *map(str, words)]
    done = subprocess.run(call, cwd=DOCS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "workflow.yml").exists()
    assert {"htcondor", "gitpython", "pyyaml"} <= {name.lower() for name in names}  # of engines


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
