"""What a file is that people give for a file of tensors, and what they can do about it."""

import io
import json
import re
import zipfile

from utils.errors import brief

STATE_DICT = "give its state dict: torch.save(model.state_dict(), 'weights.pth')"
_TORCH_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch's files begin that are older than its version 1.6."""

_STARTS = (
    (b"version https://git-lfs", "a Git-LFS pointer", "run git lfs pull where it was cloned"),
    (b"\x89HDF\r\n", "a Keras or HDF5 file", "give PyTorch weights"),
    (b"\x93NUMPY", "a NumPy array", "give PyTorch weights"),
    (b"\x08\x01\x12", "a TensorFlow model", "give PyTorch weights"),
    (b"\xff\xd8\xff", "a picture (JPEG)", "give the file of a model"),
    (b"\x89PNG", "a picture (PNG)", "give the file of a model"),
    (b"GGUF", "a GGUF file", "give PyTorch weights"),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it"),
    (b"Rar!", "a RAR archive", "unpack it"),
    (b"BZh", "a bzip2 archive", "unpack it"),
    (b"\xfd7zXZ", "an xz archive", "unpack it"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "unpack it"),
    (b"\0\0\0\0\2\0\0\0", "a YOLO file (Darknet)", "give weights of torchvision"),
    (b"\0\0\0\0\1\0\0\0", "a YOLO file (Darknet)", "give weights of torchvision"),
)
"""How files of other programs begin, what they are, and what to do."""

_ONNX = re.compile(rb"\x08[\x02-\x1f][\x12\x1a\x22\x28\x32\x3a\x42]")  # IR version, then a field
_GLOBAL = re.compile(r"(?:GLOBAL|global:?|class|function) ([A-Za-z_][\w.]*\.\w+)")
_YOLO = re.compile(r"ultralytics\.|yolo|models\.(yolo|common|experimental)\.", re.IGNORECASE)
_MODEL = re.compile(
    r"torchvision\.|torch\.nn\.|timm\.|__main__\.|detectron2\.|mmdet\.|mmengine\."
    r"|pytorch_lightning\.|lightning\.|segmentation_models|effdet\.|keras\.|models?\."
)


def foreign(data: bytes) -> tuple[str, str] | None:
    """Return what a file is and what to do; None if it may be one of torch's, or nothing tells."""
    for start, kind, advice in _STARTS:
        if data.startswith(start):
            return kind, advice
    if data.startswith(b"PK"):
        return _zip(data)
    if data[257:262] == b"ustar":
        return "a tar archive", "unpack it"
    if data[4:8] == b"TFL3":
        return "a TensorFlow Lite model", "give PyTorch weights"
    if _ONNX.match(data):
        return "an ONNX model", "give the PyTorch weights that it was exported from"
    if data[8:9] == b"{" and 0 < int.from_bytes(data[:8], "little") <= len(data) - 8:
        return (
            "a safetensors file",
            "convert it: torch.save(safetensors.torch.load_file(it), 'weights.pth')",
        )
    if data[:1] == b"\x80" and not data.startswith(_TORCH_LEGACY):
        return "a pickle, not of torch.save", STATE_DICT
    return _text(data[:4096])


def why_not_tensors(error: Exception) -> tuple[str, str]:
    """Return what an error of ``torch.load(..., weights_only=True)`` says of a file, and advice.

    Torch itself advises to run the code that is in the file, in several lines with control
    characters.
    """
    text = str(error)
    named = _GLOBAL.search(text)
    if named is None:
        told = text.partition("WeightsUnpickler error:")[2] or text
        if told.startswith("Weights only load failed"):
            told = "it is no pickle of plain values"
        told = brief(told.strip().splitlines()[0] if told.strip() else type(error).__name__)
        return f"not a whole file of tensors ({told})", "fetch or make it again"
    name = brief(named[1])
    if _YOLO.search(name):
        return f"a YOLO file ({name})", "its network is none of ours; give weights of torchvision"
    if _MODEL.match(name):
        return f"a whole pickled model ({name}), not its weights", STATE_DICT
    return f"a file that holds more than tensors and plain values ({name})", STATE_DICT


def _zip(data: bytes) -> tuple[str, str] | None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return None  # torch's, perhaps, and damaged
    last = {name.rsplit("/", 1)[-1] for name in names}
    if "constants.pkl" in last:
        return "a TorchScript model, not its weights", STATE_DICT
    if "data.pkl" in last:
        return None
    if "model.weights.h5" in last or {"config.json", "metadata.json"} <= last:
        return "a Keras model", "give PyTorch weights"
    if names and all(name.endswith(".npy") for name in names):
        return "a NumPy archive", "give PyTorch weights"
    inner = next((name for name in names if name.endswith((".pth", ".pt", ".bin"))), None)
    return "a zip archive", f"unpack it and give {brief(inner)}" if inner else "unpack it"


def _text(start: bytes) -> tuple[str, str] | None:
    try:
        text = start.decode("utf-8-sig", "ignore" if len(start) == 4096 else "strict").strip()
    except UnicodeDecodeError:
        return None
    if re.match(r"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(!doctype html|html)", text, re.I | re.S):
        return "a web page", "it was saved in place of the file; download it again, signed in"
    if not text or any(not (char.isprintable() or char.isspace()) for char in text):
        return None
    try:
        json.loads(text)
    except ValueError:
        return "a text file", "give PyTorch weights"
    return "a JSON file", "give PyTorch weights"
