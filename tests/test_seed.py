from utils.seed import derive_seed


def test_seeds_are_the_same_on_every_machine():
    assert derive_seed(0, "train_model", 3) == 1818368623


def test_seeds_differ_by_seed_name_and_how_the_names_are_cut():
    seeds = {derive_seed(0), derive_seed(1), derive_seed(0, "a"), derive_seed(0, "b")}
    seeds |= {derive_seed(0, "a", "b"), derive_seed(0, "ab"), derive_seed(0, "b", "a")}
    assert len(seeds) == 7
    assert all(0 <= seed < 2**32 for seed in seeds)
