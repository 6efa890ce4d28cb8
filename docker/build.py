#!/usr/bin/env python3
"""Build the container image of the jobs with whichever tool is here: apptainer, docker or podman.

Settings of pip in the environment (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, ...) reach the build.
"""

import argparse
import os
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "mask-detection"
TOOLS = {
    "apptainer": ["apptainer", "version"],
    "docker": ["docker", "version", "--format", "{{.Server.Version}}"],
    "podman": ["podman", "version", "--format", "{{.Version}}"],
}
"""Each tool with a command that fails where the tool cannot build; the first that works is taken.

Apptainer first: its image is a file that HTCondor carries to the pilots; those of the others have
to be put into a registry.
"""


@dataclass(frozen=True)
class Build:
    """How one tool builds: its command, what it adds to the environment, how to use the result."""

    command: list[str]
    environment: dict[str, str]
    use: str


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tool", choices=TOOLS, help="default: the first of these that works")
    parser.add_argument(
        "--base",
        metavar="IMAGE",
        help="image to start from: a reference, or for apptainer also the path of a .sif or of a "
        "folder that holds a root file system (default: python:3.11-slim)",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        default=Path(f"{NAME}.sif"),
        help=f"what apptainer writes (default: {NAME}.sif); docker and podman tag {NAME}",
    )
    return parser


def find_tool(wanted: list[str]) -> tuple[str | None, str]:
    """Return the first tool that works, and what is to be told of it or of those that do not."""
    reasons = []
    for tool in wanted:
        try:
            answer = subprocess.run(TOOLS[tool], capture_output=True, text=True, timeout=60)
        except FileNotFoundError:
            reasons.append(f"{tool}: not on the PATH")
        except subprocess.TimeoutExpired:
            reasons.append(f"{tool}: did not answer in 60 s")
        else:
            if answer.returncode == 0:
                return tool, "; ".join([f"{tool} {answer.stdout.strip()}", *reasons])
            last = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
            reasons.append(f"{tool}: {last}")
    return None, "; ".join(reasons)


def plan_apptainer(base: str | None, output: Path) -> Build:
    """Return how Apptainer builds the image as the file `output`."""
    arguments = []
    if base is not None:
        local = Path(base).resolve()
        if local.exists():
            arguments += ["--build-arg", "BOOTSTRAP=localimage"]
        arguments += ["--build-arg", f"BASE={local if local.exists() else base}"]
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    return Build(
        command=["apptainer", "build", *arguments, str(output), f"docker/{NAME}.def"],
        environment={f"APPTAINERENV_{name}": value for name, value in pip.items()},
        use=f"python workflow.py --container {shlex.quote(str(output))}",
    )


def plan_docker(tool: str, base: str | None) -> Build:
    """Return how docker or podman builds the image, tagged `NAME`."""
    command = [tool, "build", "--file", "docker/Dockerfile", "--tag", NAME]
    if tool == "podman":  # its own image format drops HEALTHCHECK
        command += ["--ignorefile", "docker/Dockerfile.dockerignore", "--format", "docker"]
    if base is not None:
        command += ["--build-arg", f"BASE={base}"]
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        if name in os.environ:  # without a value: the tool takes it from its environment
            command += ["--build-arg", name]
    return Build(
        command=[*command, "."],
        environment={},
        use=f"{tool} tag {NAME} REGISTRY/{NAME} && {tool} push REGISTRY/{NAME}\n"
        f"  python workflow.py --container docker://REGISTRY/{NAME}",
    )


def main() -> int:
    """Build, tell how to use the image, and return the exit code."""
    arguments = parser().parse_args()
    tool, findings = find_tool([arguments.tool] if arguments.tool else list(TOOLS))
    if tool is None:
        print(f"build.py: error: no tool can build here ({findings})", file=sys.stderr)
        return 2
    print(f"Tool: {findings}")
    if tool == "apptainer":
        output = arguments.output.resolve()
        if output.exists():
            print(f"build.py: error: {output} exists; remove it, or --output", file=sys.stderr)
            return 2
        build = plan_apptainer(arguments.base, output)
    else:
        build = plan_docker(tool, arguments.base)
    print(f"$ {shlex.join(build.command)}", flush=True)
    done = subprocess.run(build.command, cwd=ROOT, env={**os.environ, **build.environment})
    if done.returncode != 0:
        print(f"build.py: error: {tool} ended with {done.returncode}", file=sys.stderr)
        return 1
    print(f"Built. Use it so:\n  {build.use}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
