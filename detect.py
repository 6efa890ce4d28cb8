#!/usr/bin/env python3
"""Find the faces on photographs and videos, tell who wears a mask, and what share of people does.

python detect.py photographs/                 a folder, with all that is in it
python detect.py a.jpg more.zip '2024/*.png'  photographs, archives and patterns of them
python detect.py photographs/ --model runs/RUN/output/face_mask_detector.pth
python detect.py photographs/ --model models:/mask-detector@champion
python detect.py photographs/ --suggest 30    deals thirty of them to annotate, for a surer answer
python detect.py clip.mp4                     a video; also 0 or /dev/video0 (a camera), rtsp://,
                                              http(s)://: every person once, and the rate over time
python detect.py /shared/day/ --engine spark --master spark://host:7077
                                              what outgrows one machine; also a folder that fills
python detect.py me.jpg --model classifier.pth --faces haar --show
python detect.py --model classifier.pth --export classifier.onnx
"""

from __future__ import annotations  # an old Python gets as far as the message below

import argparse
import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from utils.apply.options import add_photograph_options
from utils.dag.command_line import Parser
from utils.errors import InputError, MaskDetectionError, missing_package
from utils.signals import handled, undisturbed
from utils.spark.code import write_code
from utils.spark.options import add_spark_options, check_spark_options
from utils.video.address import is_video
from utils.video.options import add_video_options

EXIT_DONE, EXIT_IN_PART, EXIT_BAD_INPUT = 0, 1, 2
EXIT_INTERRUPTED = 128 + signal.SIGINT


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="detect.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        epilog="Exit code 0: done; 1: done, but some photographs could not be read; 2: the command "
        "line or the photographs must be mended; 130 or 143: interrupted, all so far is written.",
    )
    add_photograph_options(parser)
    add_video_options(parser)
    add_spark_options(parser)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says and return the exit code (see `parser`)."""
    words = sys.argv[1:] if argv is None else argv
    try:
        args = parser().parse_args(words)
        check_spark_options(args, parser().parse_args([]))
        if args.code:
            write_code(args.code)
            return EXIT_DONE
        settle_names(args)
        if args.engine == "spark":
            return detect_spark(args)
        return export(args) if args.export else detect(args, words)
    except MaskDetectionError as error:
        told = str(error)
    except ModuleNotFoundError as error:
        told = missing_package(error)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        told = f"{what}; mend that and try again"
    except KeyboardInterrupt:  # there is nothing to write yet, or nobody wants it
        return EXIT_INTERRUPTED
    print(f"detect.py: error: {told}", file=sys.stderr)
    return EXIT_BAD_INPUT


def export(args: argparse.Namespace) -> int:
    """Write a model as an ONNX file; return the exit code."""
    from utils.apply.exporting import export as write

    if args.sources or args.faces:
        raise InputError("--export: writes a model and looks at nothing; give a model and no more")
    for line in write(args.model, args.export):
        print(line)
    return EXIT_DONE


def detect(args: argparse.Namespace, words: list[str]) -> int:
    """Look at all photographs, write what is found, and tell it; return the exit code.

    Parameters
    ----------
    words
        The command line, for the one that goes on from it.
    """
    if args.sources and all(is_video(word) for word in args.sources):
        return detect_moving(args)
    if args.show and args.no_pictures:
        raise InputError("--show: there is no picture to show with --no-pictures; leave one out")
    from utils.apply.annotating import check_number, deal, take_back
    from utils.apply.console import Console
    from utils.apply.folder import results_folder
    from utils.apply.sources import find_sources
    from utils.dataset.intake.annotated_sample import told_of_sample
    from utils.dataset.intake.words import told_of_new

    sources = find_sources(args.sources)
    folder = results_folder(args.output, sources.paths)
    with sources.open() as photographs:
        facts = photographs.facts
        console = Console(sys.stdout, sys.stderr, facts["photos"], args.quiet or args.json)
        console.tell(*told_of_new(facts))
        sample = None
        if args.suggest:
            check_number(args.suggest, photographs)
        if args.predict_annotations:
            sample = take_back(args.predict_annotations, photographs)
            console.tell(*told_of_sample(sample))

        # Threads that spin while they wait take the cores from each other on a shared machine;
        # PyTorch reads this where it is imported.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        from utils.apply.looking import Settings, look_at  # which import PyTorch
        from utils.apply.results import RATE, TABLE, Results
        from utils.apply.screen import show
        from utils.apply.sentences import of_a_face_each

        settings = Settings(
            args.model, args.device, args.threshold, not args.no_pictures, args.faces
        )
        model = settings.load()
        console.tell(*of_a_face_each(model))
        looked = look_at(photographs, model, settings, args.jobs)
        results = Results(folder, model, photographs, sample)
        with console, stopping() as stopped:
            try:
                for found in looked:
                    with undisturbed():
                        console.step(results.add(found))
            except KeyboardInterrupt:
                console.tell("Interrupted: what was found so far is written.")
            except (OSError, MaskDetectionError):  # what was found so far is not lost
                with contextlib.suppress(OSError, MaskDetectionError):
                    results.finish()
                raise
        rate = results.finish()
        dealt = []
        if args.suggest and results.done and not stopped:
            dealt = deal(results.looked(), args.suggest, ["python", "detect.py", *words])
    as_json = (folder / RATE).read_text("utf-8").splitlines()
    console.answer(*(as_json if args.json else [*results.closing(rate), *dealt]))
    if args.show and (picture := results.shown()) and (why := show(picture)):
        console.tell(f"--show: {why}")
    if stopped:
        return 128 + stopped[0]
    if not results.done:
        raise InputError(f"no photograph could be read; {folder / TABLE} has them all")
    return EXIT_IN_PART if results.skipped or facts["not_read"] else EXIT_DONE


def settle_names(args: argparse.Namespace) -> None:
    """Put the files that are meant now in place of models named in a registry."""
    from utils.tracking.registered import settled

    def tell(line: str) -> None:
        if not (args.quiet or args.json):
            print(line)

    for name, what in (("model", "Model"), ("faces", "Faces are found by")):
        setattr(args, name, settled(getattr(args, name), args.registry, what, tell))


def detect_moving(args: argparse.Namespace) -> int:
    """Watch videos, cameras and streams; return the exit code."""
    if args.show:
        raise InputError("--show: opens pictures, and no video is shown; leave it out")
    from utils.apply.console import Console
    from utils.apply.folder import results_folder
    from utils.video.run import require_finder, sources_of, watch_sources

    if args.suggest or args.predict_annotations:
        raise InputError(
            "--suggest and --predict-annotations are for photographs; save single frames of the "
            "video, and name their folder"
        )
    names = sources_of(args.sources)
    folder = results_folder(args.output, [Path(name) for name in names])
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from utils.apply.looking import Settings  # which imports PyTorch

    model = Settings(args.model, args.device, args.threshold, faces=args.faces).load()
    require_finder(model, args.model)
    quiet = args.quiet or args.json

    def console() -> Console:
        return Console(sys.stdout, sys.stderr, None, quiet, unit="frames")

    with stopping() as stopped:
        try:
            done = watch_sources(args, model, folder, console)
        except KeyboardInterrupt:
            return 128 + (stopped or [signal.SIGINT])[0]
    return EXIT_DONE if done.whole else EXIT_IN_PART


def detect_spark(args: argparse.Namespace) -> int:
    """Look at photographs or videos on Spark; return the exit code."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from utils.apply.console import Console
    from utils.spark.run import detect_on_spark  # which imports PyTorch

    unit = "files" if args.stream or args.videos else "photographs"

    def console(total: int | None) -> Console:
        return Console(sys.stdout, sys.stderr, total, args.quiet or args.json, unit=unit)

    with stopping() as stopped:
        try:
            answer = detect_on_spark(args, console)
        except KeyboardInterrupt:
            return 128 + (stopped or [signal.SIGINT])[0]
    if not answer.done and answer.missed:
        raise InputError("nothing could be read; the results have it all")
    return EXIT_IN_PART if answer.missed else EXIT_DONE


@contextlib.contextmanager
def stopping() -> Iterator[list[int]]:
    """Let SIGTERM interrupt as Ctrl-C does; yield the signals that came."""
    asked: list[int] = []

    def interrupt(number: int, frame: object) -> None:
        asked.append(number)
        raise KeyboardInterrupt

    with handled(dict.fromkeys((signal.SIGINT, signal.SIGTERM), interrupt)):
        yield asked


if __name__ == "__main__":
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed, as `>&-` does
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (to the end)
    sys.stdout.reconfigure(errors="backslashreplace")  # names of files, on any terminal
    sys.exit(main())
