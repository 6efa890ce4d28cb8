"""Links to folders: followed, each folder once, and never in a circle."""

from pathlib import Path

from utils.dataset.intake.folders import Walk


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def walked(folder: Path) -> tuple[list[str], int]:
    walk = Walk(folder)
    return [name for name, _ in walk.files()], walk.links_not_followed


def test_linked_folders_are_followed_wherever_they_lie(tmp_path):
    touch(tmp_path / "set" / "a.jpg", tmp_path / "elsewhere" / "deep" / "b.jpg")
    (tmp_path / "set" / "more").symlink_to(tmp_path / "elsewhere")
    assert walked(tmp_path / "set") == (["a.jpg", "more/deep/b.jpg"], 0)
    (tmp_path / "named").symlink_to(tmp_path / "set")
    assert walked(tmp_path / "named") == (["a.jpg", "more/deep/b.jpg"], 0)


def test_circles_and_ways_up_are_left_out_and_counted(tmp_path):
    touch(tmp_path / "set" / "sub" / "a.jpg", tmp_path / "secret.jpg")
    for number, target in enumerate((tmp_path, tmp_path / "set", tmp_path / "set" / "sub", "/")):
        (tmp_path / "set" / "sub" / f"link{number}").symlink_to(target)
    assert walked(tmp_path / "set") == (["sub/a.jpg"], 4)


def test_a_folder_is_read_once_and_by_its_own_name(tmp_path):
    touch(tmp_path / "set" / "z" / "a.jpg", tmp_path / "out" / "in" / "b.jpg")
    (tmp_path / "set" / "first").symlink_to(tmp_path / "set" / "z")
    (tmp_path / "set" / "k").symlink_to(tmp_path / "out" / "in")
    (tmp_path / "set" / "l").symlink_to(tmp_path / "out")
    assert walked(tmp_path / "set") == (["z/a.jpg", "k/b.jpg"], 1)


def test_two_folders_that_link_to_each_other_end(tmp_path):
    touch(tmp_path / "a" / "1.jpg", tmp_path / "b" / "2.jpg")
    (tmp_path / "a" / "b").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "a").symlink_to(tmp_path / "a")
    assert walked(tmp_path / "a") == (["1.jpg", "b/2.jpg"], 1)


def test_broken_links_are_files_and_hidden_folders_are_not_entered(tmp_path):
    touch(tmp_path / "set" / ".git" / "x.jpg")
    (tmp_path / "set" / "gone").symlink_to("nowhere")
    (tmp_path / "set" / "self").symlink_to("self")
    assert walked(tmp_path / "set") == (["gone", "self"], 0)
