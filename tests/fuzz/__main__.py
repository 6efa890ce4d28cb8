"""``python -m tests.fuzz --minutes 10 [TARGET ...]``: fuzz the readers, side by side.

Coverage-guided, with Atheris (libFuzzer); it starts from files that the code makes and from those
that found something before. Prints a table, and where the findings lie: put what is mended under
tests/fuzz/seeds/, where a test replays it. The exit code is 1 where something was found.
"""

import argparse
import hashlib
import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import SEEDS, TARGETS, Target

SECONDS_EACH, MIB = 5, 1500
"""An input that takes longer, or lets the process grow beyond, is a finding."""

_STATS = re.compile(rb"#(\d+)\s+\S+\s+cov: (\d+) ft: (\d+)")
_ROW = "{:10}{:>12}{:>10}{:>10}{:>10}{:>10}"


@dataclass
class Run:
    """The fuzzing of one target, which goes on in a new process after a hang."""

    name: str
    folder: Path
    end: float
    runs: int = 0
    coverage: int = 0
    ended: int = 0

    def __post_init__(self) -> None:
        for part in ("corpus", "findings"):
            (self.folder / part).mkdir(parents=True)
        for data in starting_files(self.name):
            self.add(data)
        words = TARGETS[self.name].words
        lines = ['"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words]
        (self.folder / "words").write_text("".join(lines))
        self.start()

    def add(self, data: bytes) -> None:
        (self.folder / "corpus" / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)

    def start(self) -> None:
        options = {
            "max_total_time": max(1, round(self.end - time.monotonic())),
            "timeout": SECONDS_EACH,
            "rss_limit_mb": MIB,
            "max_len": 2**14,
            "dict": self.folder / "words",
            "artifact_prefix": f"{self.folder / 'findings'}/",
            "print_final_stats": 1,
        }
        command = [sys.executable, "-m", "tests.fuzz.one", self.name]
        command += [self.folder / "corpus", self.folder / "findings"]
        self.log = open(self.folder / f"log-{self.ended}", "w+b")  # noqa: SIM115
        self.process = subprocess.Popen(
            [*command, *(f"-{key}={value}" for key, value in options.items())],
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def goes_on(self) -> bool:
        """Tell whether there is more to wait for; start again after a hang."""
        if self.log.closed or self.process.poll() is None:
            return not self.log.closed
        self.log.seek(0)
        if stats := _STATS.findall(self.log.read()):
            self.runs += int(stats[-1][0])
            self.coverage = max(self.coverage, int(stats[-1][1]))
        self.log.close()
        if self.process.returncode == 0:
            return False
        self.ended += 1
        if self.ended > 20 or time.monotonic() > self.end - 1:
            return False
        self.start()
        return True

    @property
    def findings(self) -> list[Path]:
        return sorted(p for p in (self.folder / "findings").iterdir() if p.suffix != ".txt")


def starting_files(name: str) -> list[bytes]:
    """Return what fuzzing starts from: made files, and those that found something."""
    target: Target = TARGETS[name]
    return [*target.start(), *(path.read_bytes() for path in sorted(SEEDS.glob(f"{name}/*")))]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--minutes", type=float, default=10, help="how long (default: 10)")
    return parser


def main(argv: list[str] | None = None) -> int:
    """Fuzz, print the table, and return the exit code."""
    arguments = parser().parse_args(argv)
    if unknown := set(arguments.targets) - TARGETS.keys():
        parser().error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if not importlib.util.find_spec("atheris"):
        parser().error("atheris is not installed: it is to be had for Linux on x86-64 alone")
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    start = time.monotonic()
    names = arguments.targets or list(TARGETS)
    end = start + arguments.minutes * 60
    runs = [Run(name, folder / name, end) for name in names]
    try:
        while sum(run.goes_on() for run in runs):
            time.sleep(0.5)
    finally:
        for run in runs:
            run.process.kill()
    print(_ROW.format("target", "runs", "runs/s", "coverage", "minutes", "findings"))
    for run in runs:
        seconds = time.monotonic() - start
        numbers = (run.runs, f"{run.runs / seconds:.0f}", run.coverage, f"{seconds / 60:.1f}")
        print(_ROW.format(run.name, *numbers, len(run.findings)))
    for run in runs:
        for finding in run.findings:
            told = finding.with_suffix(".txt")
            why = told.read_text().strip().splitlines()[-1] if told.exists() else "hang or memory"
            print(f"{finding}: {why[:200]}")
    found = any(run.findings for run in runs)
    if not found:
        shutil.rmtree(folder)
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
