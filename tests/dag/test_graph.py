import os
import shutil

import pytest
from PIL import Image

from utils.dag.graph import draw_graph, edges, graphviz_source, layout
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.errors import InputError


def test_graphviz_is_used_where_it_is_installed(tmp_path, monkeypatch):
    dot = tmp_path / "dot"
    dot.write_text('#!/bin/sh\ncat > "$3"; echo "$1" >> "$3"\n')
    dot.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    draw_graph(build_workflow(Options()), tmp_path / "dag.svg")
    drawn = (tmp_path / "dag.svg").read_text()
    assert drawn.endswith("-Tsvg\n")
    assert '"hpo_best" -> "train_model"' in drawn
    assert '"split_data" -> "report"' not in drawn, "a longer way implies it"


def test_the_graphviz_source_names_every_job_once():
    children = edges(build_workflow(Options()))
    source = graphviz_source(children)
    assert all(source.count(f'"{name}" [fillcolor') == 1 for name in children)


@pytest.mark.parametrize("name", ["dag.png", "dag.svg"])
def test_the_picture_is_drawn_without_graphviz(tmp_path, monkeypatch, name):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    draw_graph(build_workflow(Options()), tmp_path / name)
    if name.endswith(".png"):
        with Image.open(tmp_path / name) as picture:
            assert picture.width > 600 and len(picture.convert("RGB").getcolors(10**6)) > 20
    else:
        assert "<svg" in (tmp_path / name).read_text()


def test_another_format_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must end in one of \.png"):
        draw_graph(build_workflow(Options()), tmp_path / "dag.gif")


def test_no_edge_points_up_and_long_edges_bend_in_every_row_between():
    rows, ways = layout(edges(build_workflow(Options())))
    row = {name: number for number, names in enumerate(rows) for name in names}
    for (parent, child), way in ways.items():
        passed = [row[name] for name in (parent, *way, child)]
        assert passed == list(range(row[parent], row[child] + 1))


def test_no_two_boxes_share_a_place():
    rows, _ = layout(edges(build_workflow(Options(trials=9, hpo_width=3, predict_shards=4))))
    for names in rows:
        assert len(set(names.values())) == len(names)
