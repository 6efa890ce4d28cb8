"""``bin/plot_class_distribution.py`` by its command line."""

from PIL import Image

from utils.dataset.shards import Photo, write_shard


def test_a_picture_of_all_shards_is_drawn(execute, tmp_path, photographs) -> None:
    write_shard(tmp_path / "train.tar", photographs[:3])
    write_shard(tmp_path / "test.tar", photographs[3:])
    done = execute(
        "plot_class_distribution.py",
        tmp_path,
        *("--shards", "train.tar", "test.tar", "--output", "class_distribution.png"),
        *("--photographs", "annotated_photographs.jpg"),
    )
    assert done.returncode == 0, done.stderr
    assert Image.open(tmp_path / "class_distribution.png").width > 1000
    assert Image.open(tmp_path / "annotated_photographs.jpg").format == "JPEG"


def test_a_photograph_without_annotation_is_named(execute, tmp_path, photographs) -> None:
    bare = Photo("bare", "bare.png", photographs[0].image)
    write_shard(tmp_path / "train.tar", [bare])
    done = execute(
        "plot_class_distribution.py",
        tmp_path,
        *("--shards", "train.tar", "--output", "class_distribution.png"),
    )
    assert done.returncode == 2
    assert "bare.png: has no annotation" in done.stderr
    assert (tmp_path / "class_distribution.png").read_bytes() == b""  # declared, so never missing
