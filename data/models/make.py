"""Make the model in the box and its card again: ``make pretrained DATA=FOLDER``.

The workflow runs with configs/box.toml on DATA, once for each seed, which deals other photographs
to the test side. The model of the first seed is kept: trained on its train side, calibrated on its
validation side and evaluated on its test side, of which it saw nothing. The other seeds tell how
much of a result is the luck of a split. What is interrupted goes on where it stood when the same
command is given again; runs that are done are not repeated. Options that are not known here go to
workflow.py.

    make pretrained DATA=face-mask-detection.zip
    make pretrained DATA=face-mask-detection.zip ARGS="--seeds 0 --epochs 5"
"""

import argparse
import hashlib
import shlex
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from data.models.card import card
from utils import files
from utils.dag.catalogs import WORKFLOW
from utils.dag.run_folder import OUTPUT
from utils.errors import MaskDetectionError
from utils.records import write_atomically

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
MODEL = "face_mask_detector.pth"
CONFIG = PROJECT / "configs" / "box.toml"
SAMPLE = PROJECT / "data" / "sample"

SOURCE = (
    "*Face Mask Detection* (Kaggle: `andrewmvd/face-mask-detection`), CC0 1.0 as its uploader "
    "says. Some of its photographs carry marks of agencies, so the licence is no more than the "
    "uploader's claim"
)
SEEDS = [0, 1, 2]
DRAWN = "the sample that this project draws (`data/painter`): no real photographs"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = made.add_argument
    add("--data", type=Path, required=True, help="annotated photographs, as workflow.py takes them")
    add("--source", help="what they are, and their licence (default: that of `make data`)")
    add("--seeds", type=int, nargs="+", default=SEEDS, help="the model is of the first")
    add("--at-once", type=int, default=1, help="how many seeds to run side by side, as on a GPU")
    add("--config", type=Path, default=CONFIG, help="the recipe (default: configs/box.toml)")
    add("--runs", type=Path, help="folder of the runs (default: runs/pretrained-<digest>)")
    add("--output", type=Path, default=HERE, help="where model and card go (default: data/models)")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Make both; return the exit code, that of a run which did not end well."""
    args, options = parser().parse_known_args(argv)
    runs = args.runs or PROJECT / "runs" / f"pretrained-{_digest(args.config, args.data, options)}"
    folders = [runs / f"seed_{seed}" for seed in args.seeds]
    ended: list[int] = []

    def go(seed: int, folder: Path) -> int:
        if any(ended):
            return 0  # not begun: an earlier one did not end well
        ended.append(run(folder, args.data, args.config, seed, options))
        return ended[-1]

    try:
        with ThreadPoolExecutor(args.at_once) as threads:
            codes = list(threads.map(go, args.seeds, folders))
    except KeyboardInterrupt:  # the runs were told as well, and have ended
        print("make.py: interrupted; the same command goes on with it")
        return 130
    for seed, code in zip(args.seeds, codes, strict=True):
        if code:
            print(f"make.py: seed {seed} is not done; the same command goes on with it")
            return code
    words = [*(["--seeds", *map(str, args.seeds)] if args.seeds != SEEDS else []), *options]
    command = f"make pretrained DATA={args.data.name}"
    command += f' ARGS="{shlex.join(words)}"' if words else ""
    source = args.source or (DRAWN if args.data.resolve() == SAMPLE else SOURCE)
    try:
        made = folders[0] / OUTPUT / MODEL
        text = card(made, folders, source, command, args.config.read_text())
    except MaskDetectionError as error:
        print(f"make.py: error: {error}", file=sys.stderr)
        return 2
    args.output.mkdir(parents=True, exist_ok=True)
    files.copy(made, args.output / MODEL)
    write_atomically((args.output / MODEL).with_suffix(".md"), text.encode())
    print(f"{args.output / MODEL}: {made.stat().st_size / 1e6:.1f} MB")
    return 0


def run(folder: Path, data: Path, config: Path, seed: int, options: Sequence[str]) -> int:
    """Run the workflow in a folder, or go on with it; return the exit code."""
    if (folder / OUTPUT / "report.html").exists():
        return 0
    if (folder / WORKFLOW).exists():
        words = ["--resume", folder]
    else:
        files.remove_tree(folder)  # planning was interrupted
        words = ["--data", data, "--config", config, "--seed", seed, "--run-dir", folder]
        words += ["--engine", "local", *options]
    call = [sys.executable, PROJECT / "workflow.py", *words]
    return subprocess.run([str(word) for word in call], check=False).returncode


def _digest(config: Path, data: Path, options: Sequence[str]) -> str:
    """Return what tells runs of another recipe or other data apart."""
    told = "\0".join([config.read_text(), str(data.resolve()), *options])
    return hashlib.sha256(told.encode()).hexdigest()[:8]


if __name__ == "__main__":
    sys.exit(main())
