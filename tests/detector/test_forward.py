import pytest
import torch

from utils.detector.forward import MEAN, STD, _batch, _one_class_a_face, detect, losses


def test_batch_is_normalised_and_padded_to_the_stride():
    images = [torch.full((3, 30, 50), 200, dtype=torch.uint8), torch.zeros(3, 40, 20).byte()]
    batch = _batch(images)
    assert batch.tensors.shape == (2, 3, 64, 64)
    assert batch.image_sizes == [(30, 50), (40, 20)]
    assert torch.allclose(batch.tensors[0, :, 0, 0], ((200 - MEAN) / STD).flatten())
    assert (batch.tensors[0, :, 30:] == 0).all()
    assert (batch.tensors[1, :, :, 20:] == 0).all()


def test_a_face_with_two_classes_is_returned_once_with_the_likelier():
    found = {
        "boxes": torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 11], [20, 0, 30, 10]]),
        "scores": torch.tensor([0.9, 0.8, 0.3]),
        "labels": torch.tensor([1, 3, 2]),
    }
    kept = _one_class_a_face(found)
    assert kept["labels"].tolist() == [1, 2]
    assert kept["scores"].tolist() == pytest.approx([0.9, 0.3])


def test_bfloat16_keeps_losses_in_float32_and_near(model):
    images = [torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8) for _ in range(2)]
    targets = [{"boxes": torch.tensor([[5.0, 5, 25, 30]]), "labels": torch.tensor([2])}] * 2
    given = []
    for bfloat16 in (False, True):
        torch.manual_seed(0)
        given.append(losses(model.train(), images, targets, bfloat16))
    for name, exact in given[0].items():
        assert given[1][name].dtype == torch.float32
        assert given[1][name].item() == pytest.approx(exact.item(), rel=0.15, abs=0.02), name


def test_detection_does_not_track_gradients(model):
    (found,) = detect(model.eval(), [torch.zeros(3, 64, 64).byte()])
    assert not found["scores"].requires_grad
