import pytest
import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

from benchmarks.common import (
    PROJECT,
    Seen,
    interleaved,
    pack,
    reference_detector,
    spread,
    timed_steps,
    untrained_detector,
)
from utils.dataset.shards import read_shard
from utils.training.plan import Plan
from utils.training.recipe import Recipe

SAMPLE = PROJECT / "data" / "sample"


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    return pack(SAMPLE, tmp_path_factory.mktemp("photos"), 8)


def test_a_script_that_is_asked_what_it_does_measures_nothing():
    scripts = [path.read_text() for path in (PROJECT / "benchmarks").glob("*.py")]
    scripts = [text for text in scripts if 'if __name__ == "__main__":' in text]
    assert len(scripts) > 25
    assert all(".parse_args(" in text for text in scripts)


def test_photographs_are_spread_over_the_whole_data_set(shard):
    assert [photo.name for photo in read_shard(shard)] == [
        f"sample_{number:03}" for number in (0, 12, 25, 37, 50, 62, 75, 87)
    ]


def test_rounds_are_interleaved_and_the_first_is_not_counted():
    calls = []

    def work(name):
        calls.append(name)
        return len(calls)

    times = interleaved({"a": lambda: work("a"), "b": lambda: work("b")}, 2)
    assert calls == ["a", "b"] * 3
    assert times == {"a": [3, 5], "b": [4, 6]}


def test_spread_is_around_the_median():
    assert spread([2.0, 1.8, 3.0]) == "-10..+50 %"


def test_steps_are_those_of_a_training_less_the_first(tmp_path):
    shard = pack(SAMPLE, tmp_path, 4)
    plan = Plan("compact_resnet18_fpn", Recipe(batch_size=1, rare=0.0), 1, 0, [shard], [shard], 128)
    steps, marks = [], []
    hook = register_optimizer_step_post_hook(lambda *unused: steps.append(None))
    try:
        seconds = timed_steps(
            plan,
            tmp_path / "checkpoint.pth",
            2,
            lambda: marks.append(len(steps)),
            lambda: marks.append(len(steps)),
        )
        assert marks == [1, 3]
        assert seconds > 0
        assert list(tmp_path.iterdir()) == [shard]
        with pytest.raises(ValueError, match="too short"):
            timed_steps(plan, tmp_path / "checkpoint.pth", 4)
    finally:
        hook.remove()


def test_images_and_pixels_are_counted_as_the_network_sees_them(shard):
    detector = untrained_detector("compact_resnet18_fpn", shard, 64)
    images = [photo.decode() for photo in read_shard(shard)][:2]
    with Seen() as seen:
        detector.predict(images)
    detector.predict(images)
    assert seen.images == 2
    assert seen.pixels == 2 * 64 * 64  # 64 x 48 and the like, padded to multiples of 32


@pytest.mark.parametrize("frozen", [True, False])
def test_the_reference_is_torchvisions(frozen):
    model = reference_detector(frozen)
    transform = model.transform
    assert (transform.min_size, transform.max_size) == ((800,), 1333)
    assert model.backbone.body.conv1.weight.requires_grad is not frozen
    assert model.backbone.body.layer2[0].conv1.weight.requires_grad
    model.eval().transform.min_size = (64,)
    with torch.inference_mode():
        features = model.backbone(torch.rand(1, 3, 64, 64))
    assert all(feature.abs().max() < 1e4 for feature in features.values())
