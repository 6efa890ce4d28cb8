"""torchvision comes without PyTorch's compiler, and is otherwise what it is."""

import json
import subprocess
import sys

from utils.dag.code_bundle import PROJECT


def told(code: str) -> object:
    """Return what a fresh process prints as JSON."""
    lines = ["import json, sys", *code.strip().splitlines()]
    command = [sys.executable, "-c", "\n".join(lines)]
    return json.loads(subprocess.check_output(command, cwd=PROJECT, text=True))


def test_a_photograph_is_looked_at_without_the_compiler():
    assert (
        told("""
import numpy
from utils.models import load_model
list(load_model(device="cpu").predict([numpy.zeros((60, 80, 3), numpy.uint8)]))
print(json.dumps([name for name in sys.modules if name.startswith(("torch._dynamo", "sympy"))]))
""")
        == []
    )


def test_the_function_answers_as_the_real_one_and_the_compiler_is_the_real_one():
    loaded, same, whole, loader = told("""
import utils
from torchvision.ops import roi_align
module = sys.modules["torchvision.ops.roi_align"]
before = "torch._dynamo.utils" in sys.modules
answers = [module.is_compile_supported(device) for device in ("cpu", "cuda")]
import torch._dynamo.utils
real = [torch._dynamo.utils.is_compile_supported(device) for device in ("cpu", "cuda")]
whole = hasattr(sys.modules["torch._dynamo.utils"], "CompileEventLogger")
print(json.dumps([before, answers == real, whole, type(module.__loader__).__name__]))
""")
    assert (loaded, same, whole, loader) == (False, True, True, "SourceFileLoader")


def test_a_version_that_asks_for_more_gets_it():
    assert told("""
import utils
from utils.light_torchvision import _stand_in
sys.modules["torch._dynamo.utils"] = _stand_in()
from torch._dynamo.utils import counters, is_compile_supported
import torch._dynamo.utils
print(json.dumps(torch._dynamo.utils.counters is counters))
""")


def test_where_the_compiler_is_loaded_already_nothing_is_put_in_its_place():
    assert told("""
import torch._dynamo.utils
import utils
import torchvision
module = sys.modules["torchvision.ops.roi_align"]
print(json.dumps(module.is_compile_supported is torch._dynamo.utils.is_compile_supported))
""")


def test_with_torchvision_loaded_before_nothing_changes():
    assert told("""
import torchvision
import utils
import utils.detector.inference
print(json.dumps("torch._dynamo.utils" in sys.modules))
""")
