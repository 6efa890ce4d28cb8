"""What a process does for the test that needs several: it trains a classifier, and tells of it.

Called as ``one_of_several.py FOLDER FREEZE``; process r writes ``FOLDER/<r>.pth``.
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils.classifier import fit as fitting
from utils.classifier.architectures import architecture
from utils.classifier.names import CENTERFACE
from utils.classifier.plan import CLASSIFIER, FacePlan
from utils.training.distributed import join, rank


def main(folder: Path, freeze: str) -> None:
    torch.set_num_threads(1)
    join()
    # In double precision, where rounding is far below what any mistake would make.
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double
    fitting.has_bfloat16 = lambda device: False
    recipe = CLASSIFIER.recipe.changed(
        {"optimizer": "sgd", "learning_rate": 0.005, "batch_size": 4, "head_start": 0.3}
    )
    shards = [folder / "train.tar"], [folder / "val.tar"]
    weights = architecture(CENTERFACE).packaged.locate()
    plan = FacePlan(CENTERFACE, recipe, 2, 3, *shards, 32, weights, freeze=freeze)
    fitted = fitting.fit(plan, folder / "training.ckpt")
    result = {"weights": fitted.network.state_dict(), "records": fitted.epochs}
    torch.save(result, folder / f"{rank()}.pth")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
