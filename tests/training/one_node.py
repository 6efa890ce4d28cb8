"""A worker on a node of its own: it starts from the checkpoint, and tells what it found.

Called as ``one_node.py FOLDER``; worker r has the folder ``FOLDER/<r>``, where a file ``job`` says
what it was given. It writes ``told.json`` there.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from utils.errors import InputError
from utils.training.checkpoint import Checkpoint
from utils.training.distributed import join, rank


def main(folder):
    os.environ["LOCAL_RANK"] = "0"
    join()
    own = folder / str(rank())
    checkpoint = Checkpoint(own / "c.ckpt", {"data": (own / "job").read_text()})
    try:
        checkpoint.start()
        told = {"starts": checkpoint.starts, "state": checkpoint.state}
    except InputError as error:
        told = {"error": str(error)}
    (own / "told.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
