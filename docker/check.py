#!/usr/bin/env python3
"""Say whether every dependency is installed as it is pinned, and can be imported.

The container's health check. It needs nothing but Python itself.
"""

import argparse
import os
import platform
import sys
from importlib import import_module, metadata
from pathlib import Path

MODULES = {
    "beautifulsoup4": "bs4",
    "gitpython": "git",
    "opencv-python-headless": "cv2",
    "pegasus-wms.api": "Pegasus.api",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
}
"""Distributions, in lower case, whose module has another name."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--versions", action="store_true", help="compare versions, import nothing")
    parser.add_argument(
        "requirements",
        nargs="*",
        type=Path,
        default=sorted(Path(__file__).parent.glob("requirements*.txt")),
        help="default: those beside this file, as in the image",
    )
    return parser


def read_pins(requirements: Path) -> dict[str, str]:
    """Return the version that a requirements file pins of each distribution.

    Environment markers (``; sys_platform == "linux"``) are passed over: the image is Linux.
    """
    pins = {}
    for line in requirements.read_text().splitlines():
        requirement = line.partition("#")[0].partition(";")[0].strip()
        if not requirement:
            continue
        name, equals, version = requirement.partition("==")
        if not equals:
            raise SystemExit(f"{requirements}: {requirement!r}: pin it as NAME==VERSION")
        pins[name] = version
    return pins


def find_fault(name: str, pinned: str, imports: bool) -> str | None:
    """Return what is wrong with a distribution, or None."""
    try:
        installed = metadata.version(name)
    except metadata.PackageNotFoundError:
        return f"{name}: not installed, {pinned} is pinned"
    if installed.partition("+")[0] != pinned:  # 2.14.1+cpu is 2.14.1 in another build
        return f"{name}: {installed} is installed, {pinned} is pinned"
    if imports:
        module = MODULES.get(name.lower(), name.lower())
        try:
            import_module(module)
        except (ImportError, OSError) as error:
            return f"{name}: `import {module}` fails: {error}"
    return None


def main() -> int:
    """Check, tell, and return the exit code."""
    arguments = parser().parse_args()
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # the image has no git, and needs none
    if not arguments.requirements:
        print(f"{__file__}: no requirements*.txt beside it; name some", file=sys.stderr)
        return 1
    pins = {}
    for path in arguments.requirements:
        pins |= read_pins(path)
    imports = not arguments.versions
    faults = [
        fault for name, pinned in pins.items() if (fault := find_fault(name, pinned, imports))
    ]
    if faults:
        print("\n".join(faults), file=sys.stderr)
        return 1
    done = "imported" if imports else "installed"
    print(f"{len(pins)} dependencies {done} as pinned, Python {platform.python_version()}")
    if torch := sys.modules.get("torch"):
        build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPUs only"
        print(f"PyTorch for {build}; GPUs visible: {torch.cuda.device_count()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
