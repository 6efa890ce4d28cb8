import torch
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler

from utils.detector.anchor_sampling import SeededSampler, seed_sampling


def labels(positive, negative, ignored=5):
    values = torch.tensor([1] * positive + [0] * negative + [-1] * ignored)
    return values[torch.randperm(len(values), generator=torch.Generator().manual_seed(2))]


def draw(matched, seeds, per_image=16, share=0.25):
    sampler = SeededSampler(per_image, share)
    sampler.seeds = seeds
    return (*sampler(matched), sampler.drawn)


def test_as_many_are_drawn_as_torchvision_draws():
    matched = [labels(40, 60), labels(2, 60), labels(3, 4), labels(0, 30), labels(6, 0)]
    positive, negative, drawn = draw(matched, [1, 2, 3, 4, 5])
    reference = BalancedPositiveNegativeSampler(16, 0.25)(matched)
    for ours, theirs in zip((positive, negative), reference, strict=True):
        assert [int(mask.sum()) for mask in ours] == [int(mask.sum()) for mask in theirs]
    for mask, wanted in ((positive, 1), (negative, 0)):
        for chosen, values in zip(mask, matched, strict=True):
            assert (values[chosen] == wanted).all()
    assert drawn == 16 + 16 + 7 + 16 + 4


def test_draw_depends_on_the_seed_of_the_image_alone():
    first, second = labels(40, 60), labels(30, 70)
    torch.manual_seed(7)
    together = draw([first, second], [1, 2])
    torch.manual_seed(8)
    alone = draw([second], [2])
    for side in (0, 1):
        assert torch.equal(together[side][1], alone[side][0])
    assert not torch.equal(draw([second], [3])[1][0], alone[1][0])


def test_every_candidate_is_drawn_as_often_as_any_other():
    matched = labels(20, 40, ignored=0)
    counts = torch.zeros(60)
    for seed in range(2000):
        positive, negative, _ = draw([matched], [seed])
        counts += positive[0].float() + negative[0].float()
    # 4 of 20 and 12 of 40, five standard deviations of a binomial count
    for value, share in ((1, 4 / 20), (0, 12 / 40)):
        spread = 5 * (2000 * share * (1 - share)) ** 0.5
        assert (counts[matched == value] - 2000 * share).abs().max() < spread


def test_one_candidate_more_changes_one_draw_at_most():
    fewer = labels(40, 60)
    more = fewer.clone()
    more[torch.where(fewer == -1)[0][0]] = 1
    one, other = draw([fewer], [1])[0][0], draw([more], [1])[0][0]
    assert int((one != other).sum()) <= 2  # one out, one in


def test_detector_gets_samplers_with_its_own_numbers(model):
    anchors, proposals = seed_sampling(model)
    assert (anchors.per_image, anchors.positive_share) == (256, 0.5)
    assert (proposals.per_image, proposals.positive_share) == (512, 0.25)
    assert seed_sampling(model) == (anchors, proposals)  # the same ones when asked again
