import pytest

from utils.dag.options.table import Options
from utils.dag.travelling import finder_file


@pytest.mark.parametrize(
    ("faces", "name"),
    [
        ("haar", None),
        ("yunet:largest=640", None),
        ("centerface:factor=2", "finder_weights.onnx"),
        ("detector", "finder_weights.pth"),
        ("/a/own.pth", "finder_weights.pth"),
        (None, None),
    ],
)
def test_the_weights_of_a_finder_travel_where_it_has_some(faces, name):
    assert finder_file(Options(task="classify", faces=faces)) == name
