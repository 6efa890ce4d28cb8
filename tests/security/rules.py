"""What the source must not do, found in its syntax tree."""

import ast
from collections.abc import Iterator

MODULES = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "telnetlib"}
CALLS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "tempfile.mktemp"),
    *("subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput"),
    *("yaml.unsafe_load", "yaml.full_load", "yaml.load_all", "torch.hub.load", "torch.jit.load"),
    *("torch.package.PackageImporter", "torch.serialization.add_safe_globals"),
    *("jinja2.Template", "markupsafe.Markup", "os.umask"),
}
WANTED = {
    "torch.load": {"weights_only": "True"},
    "np.load": {"allow_pickle": "False"},
    "numpy.load": {"allow_pickle": "False"},
    "jinja2.Environment": {"autoescape": "True"},
    "etree.XMLParser": {"resolve_entities": "False", "no_network": "True"},
}
"""Keywords that a call must have, and their values."""


def offences(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the words of what a Python source does that it must not do."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call):
            names = []
            yield from ((node.lineno, words) for words in _call(node))
        else:
            continue
        for name in names:
            if name.split(".")[0] in MODULES or name in CALLS:
                yield node.lineno, f"import of {name}"


def _call(node: ast.Call) -> Iterator[str]:
    name = ast.unparse(node.func)
    given = {word.arg: ast.unparse(word.value) for word in node.keywords}
    if name in CALLS or name.startswith(("os.exec", "os.spawn")):
        yield name
    if given.get("shell", "False") != "False":
        yield f"{name} with a shell"
    if name == "yaml.load" and "SafeLoader" not in given.get("Loader", ""):
        yield "yaml.load without a safe loader"
    for keyword, value in WANTED.get(name, {}).items():
        if given.get(keyword) != value:
            yield f"{name} without {keyword}={value}"
    if given.get("huge_tree", "False") != "False":
        yield f"{name} without bounds"
    if name.endswith("chmod") and node.args and _is_open(node.args[-1]):
        yield f"{name}: writable for everybody"


def _is_open(mode: ast.expr) -> bool:
    return isinstance(mode, ast.Constant) and isinstance(mode.value, int) and bool(mode.value & 2)
