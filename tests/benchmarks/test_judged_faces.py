import numpy as np

from benchmarks.judged_faces import accuracies


def test_two_classes_leave_out_masks_worn_incorrectly():
    told = np.array([(0.5, 0.1, 0.4), (0.2, 0.3, 0.5), (0.3, 0.6, 0.1), (0.1, 0.2, 0.7)])
    labels = np.array([1, 1, 2, 3])
    _, two, three, *recall = accuracies("x", told, labels)
    assert (two, three) == ("0.750", "0.833")
    assert recall == ["0.500", "1.000", "1.000"]
    cells = accuracies("of two classes", told[:, :2], labels)
    assert cells == ["of two classes", "0.750", "-", "0.500", "1.000", "-"]
