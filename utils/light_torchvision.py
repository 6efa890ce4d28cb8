"""Import torchvision without PyTorch's compiler, which takes as long as all the rest of PyTorch.

``torchvision.ops.roi_align`` (0.29) asks ``torch._dynamo.utils`` for a function that it calls on
GPUs alone, and with it comes the compiler, which nothing here uses. It gets one that asks for the
compiler once it is called.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_ASKING, _ASKED = "torchvision.ops.roi_align", "torch._dynamo.utils"


def install() -> None:
    """From now on import torchvision in that way, unless it is there already, or the compiler."""
    sys.meta_path.insert(0, _Finder())


class _Finder:
    def find_spec(self, name: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if name != _ASKING or _ASKED in sys.modules:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader:
    """Loads a module by its own loader, with a stand-in beside it while it is executed."""

    def __init__(self, own: Any) -> None:
        self.own = own

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.own.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = module.__spec__.loader = self.own
        stand_in = _stand_in()
        sys.modules[_ASKED] = stand_in
        try:
            self.own.exec_module(module)
        finally:
            _take_away(stand_in)


def _take_away(stand_in: ModuleType) -> None:
    """Leave the name to the real module, unless it has come already."""
    if sys.modules.get(_ASKED) is stand_in:
        del sys.modules[_ASKED]


def _stand_in() -> ModuleType:
    """Return a module with the function that is asked for; any other name brings the real one."""

    def real() -> ModuleType:
        _take_away(module)
        return importlib.import_module(_ASKED)

    def other(name: str) -> Any:
        if name.startswith("__"):  # what import itself asks of a module
            raise AttributeError(name)
        return getattr(real(), name)

    module = ModuleType(_ASKED)
    module.is_compile_supported = lambda device_type: real().is_compile_supported(device_type)
    module.__getattr__ = other
    return module
