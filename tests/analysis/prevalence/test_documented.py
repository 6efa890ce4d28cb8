"""The examples of docs/prevalence.md, run as somebody would who uses the library alone."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
BLOCKS = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "prevalence.md").read_text(), re.S)

ASKED = """
answer, k = record["properly_masked"], np.eye(3)
print(answer["interval"][0] < answer["share"] < answer["interval"][1])
print(answer["share"] > new.sum(axis=0)[0] / new.sum())
"""


@pytest.fixture(scope="module")
def said() -> list[str]:
    # the last line of a block is what it shows
    shown = [re.sub(r"\n([^\n#]+?)(  #[^\n]*)?\n$", r"\nprint(\1)\n", block) for block in BLOCKS]
    words = "\n".join([*shown, ASKED])
    done = subprocess.run(
        [sys.executable, "-c", words], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


def test_each_example_shows_what_it_says(said: list[str]) -> None:
    answer, surveyed, planned, differences, *_ = said
    assert "'interval_here': [" in answer
    assert surveyed.startswith("[0.") and planned.startswith("{'new': ")
    assert "['gate', 'hall']" in differences


def test_the_answer_of_the_example_corrects_what_was_missed_and_invented(said: list[str]) -> None:
    assert said[-2:] == ["True", "True"]


def test_the_examples_import_nothing_that_knows_boxes() -> None:
    lone = "import sys\n" + "\n".join(re.findall(r"^from utils.*$", "".join(BLOCKS), re.M))
    heavy = "print({'torch', 'cv2', 'PIL', 'lxml'} & set(sys.modules))"
    told = subprocess.run(
        [sys.executable, "-c", f"{lone}\n{heavy}"], cwd=PROJECT, capture_output=True, text=True
    )
    assert told.stdout == "set()\n", told.stderr
