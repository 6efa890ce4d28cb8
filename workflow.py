#!/usr/bin/env python3
"""What share of the people in these photographs wear a mask properly, and how sure are we?

python workflow.py                          run on the bundled sample
python workflow.py --data faces.zip         learn from your annotated photographs
python workflow.py --resume runs/...        go on with an interrupted or failed run
python workflow.py graph --output dag.png   draw the workflow
"""

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path

from Pegasus.api import Workflow

from utils.dag.engines import files, local, pegasus
from utils.dag.engines.progress import Progress
from utils.dag.graph import draw_graph
from utils.dag.options import SAMPLE, Options, add_arguments, read_options
from utils.dag.pipeline import DATASET, build_workflow, photo_shards, weights_file
from utils.dag.plan import write_plan
from utils.dag.run_folder import OUTPUT, RunRecord, locked, log_path, new_folder, open_record
from utils.dataset.collect import check_dataset, check_photos, pack_dataset, pack_photos
from utils.detector.pretrained import choose_weights
from utils.detector.recipe_words import read_recipe
from utils.errors import InputError, MaskDetectionError
from utils.records import read_record


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="workflow.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("command", nargs="?", choices=("run", "graph"), default="run", help="default: run")
    add(
        "--config",
        type=Path,
        metavar="FILE",
        help="options as TOML, as in configs/ (default: none)",
    )
    add("--resume", type=Path, metavar="RUN_DIR", help="go on with that run (default: a new run)")
    add(
        "--output",
        type=Path,
        metavar="FILE",
        default=Path("workflow.png"),
        help="where `graph` draws to: .png, .svg or .pdf (default: workflow.png)",
    )
    add_arguments(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code.

    0: done; 1: a job failed; 2: the command line or the data must be mended; 130: interrupted.
    """
    given = vars(parser().parse_args(argv))
    command, config, resume, output = (
        given.pop(name) for name in ("command", "config", "resume", "output")
    )
    try:
        options = read_options(given, config)
        sources = [f"--config {config}: [recipe]"] if config else []
        read_recipe(options.recipe, " or ".join(sources + ["--recipe"] * ("recipe" in given)))
        logging.basicConfig(
            level=logging.DEBUG if options.verbose else logging.WARNING, format="%(message)s"
        )
        if command == "graph":
            draw_graph(build_workflow(options), output)
            print(output)
            return 0
        if resume:
            return go_on(resume, options, {*given, *(["config"] if config else [])})
        return start(options, ["python", "workflow.py", *(sys.argv[1:] if argv is None else argv)])
    except MaskDetectionError as error:
        print(f"workflow.py: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def start(options: Options, command: list[str]) -> int:
    """Plan a new run and execute it."""
    engine = choose_engine(options.engine)
    data = options.data or SAMPLE / "sample"
    photos = options.predict or ((SAMPLE / "predict",) if options.data is None else ())
    shards = photo_shards(options)
    check_dataset(data)
    if shards:
        check_photos(photos, len(shards))
    weights = choose_weights(options.arch, options.weights, tell=print)
    print(f"Weights: {weights}")
    options = replace(options, weights=weights.taken)
    folder = new_folder(options.run_dir, options.name)
    try:
        facts = {"data": pack_dataset(data, folder / DATASET), "new_photographs": None}
        if shards:
            facts["new_photographs"] = pack_photos(photos, [folder / shard for shard in shards])
        if weights.file:
            files.copy(weights.file, folder / weights_file(options))
        facts["weights"] = weights.as_record()
        workflow = write_plan(folder, options, engine, command, facts)
    except BaseException:
        files.remove_tree(folder)
        raise
    print(f"Run folder: {folder}")
    if options.dry_run:
        return 0
    if engine == "pegasus":
        return submit(workflow, folder)
    return execute(folder, options)


def go_on(folder: Path, options: Options, given: set[str]) -> int:
    """Go on with the run of an existing folder, as it was planned."""
    if changed := given - {"cores", "memory", "verbose"}:
        names = ", ".join("--" + name.replace("_", "-") for name in sorted(changed))
        raise InputError(
            f"--resume goes on with the run as it was planned: drop {names}, or start a new run "
            "(jobs whose inputs are unchanged are taken from the cache)"
        )
    if open_record(folder)["engine"] == "pegasus":
        raise InputError(
            f"{folder}: planned by Pegasus; go on with: pegasus-run {folder}/pegasus/..."
        )
    return execute(folder, options)


def choose_engine(wanted: str) -> str:
    """Return what is to execute the run, and say why where the choice was ours."""
    if wanted == "auto":
        if pegasus.is_installed():
            print("Engine: pegasus (pegasus-plan is on the PATH)")
            return "pegasus"
        print("Engine: local (there is no pegasus-plan on the PATH)")
        return "local"
    if wanted == "condor":
        raise InputError("--engine condor: comes with the next release; take local or pegasus")
    if wanted == "pegasus":
        pegasus.require()
    return wanted


def submit(workflow: Workflow, folder: Path) -> int:
    """Hand the run over to Pegasus."""
    submitted = pegasus.submit(workflow, folder)
    print(f"Submitted: {submitted}")
    print(f"Status:    pegasus-status -l {submitted}")
    print(f"Results:   {folder / OUTPUT}")
    return 0


def execute(folder: Path, options: Options) -> int:
    """Execute a run folder on this machine and tell how it ended."""
    with locked(folder):
        engine = local.LocalEngine(folder, options.cores, options.memory, Progress(sys.stdout))
        again = f"Go on with: python workflow.py --resume {folder}"
        try:
            done = engine.run()
        except KeyboardInterrupt:
            print(f"Interrupted; what was done is kept.\n{again}")
            raise
    if not done:
        print_failures(engine.record, folder)
        print(again)
        return 1
    output = folder / OUTPUT
    answer = output / "prevalence.json"
    if answer.exists():
        print(f"Answer: {read_record(answer)['answer']}")
        print(f"Report: {output / 'report.html'}")
    else:  # a workflow that is not ours
        print(f"Output: {output}")
    return 0


def print_failures(record: RunRecord, folder: Path) -> None:
    """Tell which jobs failed, why, and the last lines that each wrote."""
    for name, reason in record.failed().items():
        log = log_path(folder, name)
        lines = log.read_text(errors="replace").splitlines()
        print(f"\n{name} {reason}. Its log, {log}, ends:")
        print("\n".join(f"    {line}" for line in lines[-12:]))


if __name__ == "__main__":
    sys.exit(main())
