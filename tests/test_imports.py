"""What importing our modules does: nothing to a library's state, and none of a room above."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

LIBRARIES = (
    *("PIL.Image", "PIL.ImageDraw", "PIL.ImageFont", "PIL.TiffImagePlugin", "cv2", "numpy"),
    *("scipy.stats", "scipy.optimize", "scipy.special", "torch", "torch.distributed"),
    *("torchvision", "torchvision.models.detection", "matplotlib.pyplot", "optuna", "tqdm"),
    *("Pegasus.api", "yaml", "bs4", "lxml", "jinja2", "faster_coco_eval"),
)
"""Imported first, where they are installed, because they may change each other's."""

SCRIPT = """
import importlib, json, logging, os, signal, sys, warnings
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except ImportError:
        pass
import cv2, matplotlib, numpy, optuna, torch
from PIL import Image, ImageFile, PngImagePlugin, TiffImagePlugin
Image.init()

def values(module):
    plain = (bool, int, float, str, bytes, tuple, type(None))
    held = {n: v for n, v in vars(module).items() if isinstance(v, plain) or callable(v)}
    return {n: repr(v) for n, v in held.items()}

def state():
    return {
        "Pillow": [values(m) for m in (Image, ImageFile, PngImagePlugin, TiffImagePlugin)],
        "Pillow TIFF": values(TiffImagePlugin.ImageFileDirectory_v2),
        "Pillow plugins": [sorted(Image.OPEN), Image.ID, sorted(Image.EXTENSION)],
        "warnings": [list(map(str, f)) for f in warnings.filters] + [str(warnings.showwarning)],
        "OpenCV": [cv2.getNumThreads(), cv2.useOptimized(), cv2.ocl.useOpenCL()],
        "torch": [torch.get_num_threads(), torch.get_num_interop_threads(),
                  str(torch.get_default_dtype()), torch.is_grad_enabled(), torch.initial_seed(),
                  torch.are_deterministic_algorithms_enabled(),
                  torch.backends.mkldnn.enabled, torch.get_float32_matmul_precision()],
        "NumPy": [numpy.geterr(), numpy.get_printoptions(), str(numpy.random.get_state())],
        "matplotlib": [matplotlib.get_backend(), sorted(map(str, matplotlib.rcParams.items()))],
        "Optuna": [optuna.logging.get_verbosity(), len(logging.getLogger("optuna").handlers)],
        "logging": [logging.root.level, str(logging.root.handlers), logging.root.disabled,
                    logging.getLogger("utils").level],
        "signals": [str(signal.getsignal(n)) for n in signal.valid_signals()],
        "environment": dict(os.environ),
        "hooks": [str(sys.excepthook), sys.getrecursionlimit(), os.getcwd(),
                  sys.getswitchinterval()],
    }

changes = []
before = json.loads(json.dumps(state()))
for name in json.loads(sys.argv[2]):
    importlib.import_module(name)
    after = json.loads(json.dumps(state()))
    changes += [f"{name} changes {what}" for what in after if after[what] != before[what]]
    before = after
print(json.dumps(changes))
"""


def modules() -> list[str]:
    """Return the names of all modules of ours that can be imported."""
    rooms = ("utils/**/*.py", "service/**/*.py", "bin/*.py", "*.py")
    files = [file for room in rooms for file in ROOT.glob(room)]
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files}
    return sorted(name.removesuffix(".__init__") for name in names)


def test_no_import_changes_the_state_of_a_library_or_of_the_process():
    words = json.dumps(LIBRARIES), json.dumps(modules())
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == []


ABOVE = {
    "training": ("detector", "search", "metrics", "drawing", "analysis", "dataset", "dag"),
    "search": ("detector", "metrics", "drawing", "analysis", "dataset", "dag"),
    "metrics": ("training", "search", "detector", "drawing", "analysis", "dag"),
    "detector": ("drawing", "analysis", "dag"),
}
"""Rooms, and those that nothing in them imports."""


@pytest.mark.parametrize("room", ABOVE)
def test_a_room_imports_nothing_of_those_above_it(room):
    for file in sorted((ROOT / "utils" / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                parts = name.split(".")
                assert parts[0] != "utils" or parts[1] not in ABOVE[room], f"{file}: {name}"
