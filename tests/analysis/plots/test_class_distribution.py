from tests.analysis.plots.conftest import texts
from utils.analysis.plots import class_distribution as distribution


def test_faces_are_counted_by_side_and_class(photo, shard, drawn) -> None:
    train = shard("train.tar", photo("a", 1, 1, 2), photo("b", 3), photo("c"))
    test = shard("test.tar", photo("d", 1))
    assert distribution.count_faces(train) == {
        "photos": 3,
        "faces": {"with_mask": 2, "without_mask": 1, "mask_weared_incorrect": 1},
    }
    distribution.class_distribution([train, test], None)
    heights = [[bar.get_height() for bar in ax.patches] for ax in drawn[0].axes]
    assert heights == [[50, 100], [25, 0], [25, 0]]  # per cent of the side's faces, by class
    assert "50.0 %\n2" in texts(drawn[0])


def test_a_side_without_faces_can_be_drawn(drawn) -> None:
    distribution.plot_class_distribution({"val": {"photos": 0, "faces": {}}}, None)
    assert [bar.get_height() for ax in drawn[0].axes for bar in ax.patches] == [0, 0, 0]
