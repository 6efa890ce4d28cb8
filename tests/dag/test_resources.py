"""What a training is given follows from what it trains."""

from dataclasses import replace

import pytest
import torch

from utils.classifier import names as classifiers
from utils.classifier.architectures import build_network
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.resources import BATCH_SIZES, CHIP, NETWORKS, RESOURCES, training_memory
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.names import ARCHITECTURES, COMPACT, RESNET50_V2
from utils.search.space import default_params, default_space


def kept(module, run):
    """Return the MiB that a forward pass keeps for the gradient, besides the weights."""
    weights = {id(parameter.untyped_storage()) for parameter in module.parameters()}
    storages = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        storages[id(storage)] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        run()
    return sum(it.nbytes() for key, it in storages.items() if key not in weights) / 2**20


@pytest.mark.parametrize("arch", ARCHITECTURES)
def test_the_table_of_networks_is_what_they_keep(arch):
    found = architecture(arch)
    sizes = tuple(float(size) for size in range(1, found.per_level + 1))
    with torch.device("meta"):  # shapes without numbers
        model = build_model(arch, Anchors((sizes,) * found.levels, found.ratios or (1.0,))).train()

        def before_the_boxes(side):
            features = model.backbone(torch.zeros(1, 3, side, side))
            model.rpn.head(list(features.values()))

        small, large = (kept(model, lambda s=s: before_the_boxes(s)) for s in (256, 512))
        heads = model.roi_heads
        pooled = (model.backbone.out_channels, *heads.box_roi_pool.output_size)
        boxes = torch.zeros(heads.fg_bg_sampler.batch_size_per_image, *pooled)
        image = kept(model, lambda: heads.box_predictor(heads.box_head(boxes)))
    table = NETWORKS[arch]
    fixed = 20 * sum(parameter.numel() for parameter in model.parameters()) / 2**20
    assert table.fixed == pytest.approx(fixed, rel=0.02)
    assert table.image == pytest.approx(image, abs=1)
    assert table.megapixel >= 0.98 * (large - small) / ((512**2 - 256**2) / 1e6)


@pytest.mark.parametrize("arch", classifiers.ARCHITECTURES)
def test_the_table_of_classifiers_is_what_they_keep(arch):
    with torch.device("meta"):
        network = build_network(arch).train()
        small, large = (
            kept(network, lambda s=side: network.trunk(torch.zeros(1, 3, s, s)))
            for side in (128, 256)
        )
    table = NETWORKS[arch]
    fixed = 20 * sum(parameter.numel() for parameter in network.parameters()) / 2**20
    assert table.fixed == pytest.approx(fixed, abs=1)
    assert table.megapixel == pytest.approx((large - small) / ((256**2 - 128**2) / 1e6), rel=0.02)


def test_what_nobody_tells_is_the_largest_that_the_default_search_tries():
    start = default_params()
    assert max(default_space(start)["batch_size"].values) == BATCH_SIZES["detect"]
    assert start["chip"] == CHIP


def memory(options, job="train_model"):
    return build_workflow(options).jobs[job].profiles["pegasus"]["memory"] - options.cache_mb


def test_a_small_training_gets_what_the_table_says():
    assert memory(Options(arch=COMPACT)) == RESOURCES["train_model"].memory
    assert memory(Options(arch=COMPACT), "hpo_trial_1_0") == RESOURCES["hpo_trial"].memory


def test_a_large_one_gets_what_it_takes_and_so_does_the_largest_that_is_searched():
    large = Options(arch=RESNET50_V2, image_size=640)
    asked = memory(large)
    assert asked == training_memory([RESNET50_V2], 640, BATCH_SIZES["detect"], CHIP) > 8000
    assert memory(large, "hpo_trial_1_0") == asked
    searched = Options(arch=COMPACT, search=(f"arch={COMPACT},{RESNET50_V2}", "image_size=320:640"))
    assert memory(searched) == memory(searched, "hpo_trial_1_1") == asked
    assert memory(Options(arch=COMPACT, search=searched.search, trials=0)) < asked
    fewer = ("batch_size=4", "chip=256")
    assert memory(Options(arch=RESNET50_V2, image_size=640, recipe=fewer)) < asked / 2
    more = Options(arch=RESNET50_V2, image_size=640, search=("batch_size=8,32",))
    assert memory(more) > 1.7 * asked
    assert memory(large, "evaluate") + large.cache_mb == RESOURCES["evaluate"].memory


def test_a_classifier_keeps_something_for_its_gradient_only_where_it_learns():
    frozen = Options(task="classify", arch="vgg19", image_size=224, weights="imagenet")
    assert memory(frozen) == RESOURCES["train_model"].memory
    asked = training_memory(["vgg19"], 224, BATCH_SIZES["classify"], 1)
    for learning in (replace(frozen, freeze="2"), replace(frozen, weights="none")):
        assert memory(learning) == asked > 7000
