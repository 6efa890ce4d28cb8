#!/usr/bin/env python3
"""Run the image of the app or the service as a server would, and see that it keeps its promises.

It runs read-only, without capabilities and without a network: it must need none. Asked from within:
who it is, whether its own health check is content, and, of the service, what is on a photograph.
Then it is told to stop, and must end in time and in good order.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PHOTOGRAPH = ROOT / "data" / "predict" / "new_05.jpg"
PORT = 9123
START = 180  # seconds
STOP = 10  # after which Cloud Run kills
POST = (
    "import sys, urllib.request as web; "
    f"answer = web.urlopen('http://127.0.0.1:{PORT}/predict', sys.stdin.buffer.read()); "
    "print(answer.read().decode())"
)
USER = "import os; print(os.getuid(), os.environ['HOME'], os.access(os.environ['HOME'], os.X_OK))"


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("stage", choices=("app", "serve"))
    made.add_argument("--tag", default="latest")
    made.add_argument("--docker", default="docker", help="the tool, with options of its own")
    made.add_argument("--run", default="", help="more options of its command `run`")
    return made


def health_check(stage: str) -> list[str]:
    """Return the command by which the image says how it is, as its recipe has it."""
    recipe = (ROOT / "docker" / "Dockerfile.web").read_text().replace("\\\n", " ")
    own = recipe.partition(f" AS {stage}\n")[2].partition("\nFROM ")[0]
    return json.loads(re.search(r"HEALTHCHECK .* CMD (\[.*\])", own)[1])


def main() -> int:
    """Try the image; return the exit code."""
    args = parser().parse_args()
    docker = shlex.split(args.docker)

    def ask(*words: str, data: bytes = b"", check: bool = True) -> str:
        done = subprocess.run([*docker, *words], input=data, capture_output=True)
        if check and done.returncode:
            raise SystemExit(f"try_web.py: error: {shlex.join(words)}: {done.stderr.decode()}")
        return done.stdout.decode().strip() if not done.returncode else ""

    options = ["--detach", "--read-only", "--cap-drop", "ALL", "--network", "none"]
    options += ["--env", f"PORT={PORT}", *shlex.split(args.run)]
    if args.stage == "app":  # Streamlit notes who uses it there
        options += ["--tmpfs", "/tmp"]  # noqa: S108 (the container's own)
    start = time.monotonic()
    container = ask("run", *options, f"mask-detection-{args.stage}:{args.tag}")
    try:
        check = health_check(args.stage)
        while not _succeeds([*docker, "exec", container, *check]):
            if time.monotonic() > start + START:
                print(ask("logs", container), file=sys.stderr)
                raise SystemExit("try_web.py: error: it does not become healthy")
            time.sleep(0.5)
        print(f"healthy at PORT={PORT} after {time.monotonic() - start:.1f} s, without a network")
        print("user, HOME:", ask("exec", container, "python3", "-c", USER))
        first = ask("exec", container, "cat", "/proc/1/cmdline").replace("\0", " ").strip()
        print("process 1:", first)
        if args.stage == "serve":
            photograph = PHOTOGRAPH.read_bytes()
            words = ("exec", "--interactive", container, "python3", "-c", POST)
            told = json.loads(ask(*words, data=photograph))
            print("found on", PHOTOGRAPH.name + ":", told["photographs"][0]["counts"])
        start = time.monotonic()
        ask("stop", "--time", str(STOP), container)
        code = ask("wait", container)
        seconds = time.monotonic() - start
        print(f"stopped by SIGTERM after {seconds:.1f} s, exit code {code}")
        return int(not first.startswith("python3") or code not in ("0", "143"))  # 137: killed
    finally:
        ask("rm", "--force", container, check=False)


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
