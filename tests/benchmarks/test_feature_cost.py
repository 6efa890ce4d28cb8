"""The benchmark of kept features runs, and they are what makes an epoch quick."""

from benchmarks import feature_cost


def test_an_epoch_with_kept_features_takes_less_than_a_twentieth(capsys):
    feature_cost.main(["--quick", "--archs", "resnet18", "--size", "112"])
    (row,) = (line.split() for line in capsys.readouterr().out.splitlines() if "resnet18" in line)
    faces, asked, kept, times = int(row[1]), float(row[2]), float(row[3]), float(row[4])
    assert faces > 4
    assert asked > 20 * kept
    assert times > 20
