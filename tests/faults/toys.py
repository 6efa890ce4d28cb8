"""The toy workflow that is disturbed: ten jobs of tenths of seconds, with all that an engine does.

Files that travel, files that are kept, a checkpoint, a job that leaves processes behind, a folder
in a file's name, a declared standard output. What it makes depends on the jobs' names alone.
"""

from pathlib import Path

from tests.dag.toy import Toy
from utils.dag.run_record import RunRecord

MIX = """
    import hashlib, pathlib, sys, time
    out, seconds, *inputs = sys.argv[1:]
    digest = hashlib.sha256(out.encode())
    for name in inputs:
        digest.update(pathlib.Path(name).read_bytes())
    with open(out, "w") as file:
        for line in range(4):
            time.sleep(float(seconds) / 4)
            for line in range(500):
                digest.update(b".")
                file.write(digest.hexdigest() + "\\n")
    print("made", out)
"""

COUNT = """
    import os, pathlib, time
    checkpoint = pathlib.Path("steps.ckpt")
    saved = checkpoint.read_text().split() if checkpoint.exists() else []
    for step in range(len(saved), 5):
        time.sleep(0.05)
        saved.append(str(step * step))
        pathlib.Path("new").write_text(" ".join(saved))
        os.replace("new", checkpoint)
        print("step", step, flush=True)
    pathlib.Path("squares.txt").write_text(" ".join(saved))
"""

LITTER = """
    import subprocess, sys, time
    subprocess.Popen(["sleep", "300"])
    subprocess.Popen(["sleep", "300"], start_new_session=True)
    time.sleep(0.15)
    print("standard output")
"""


def disturbed(folder: Path, seconds: float = 0.1) -> Path:
    """Write the toy into a run folder, ready for ``workflow.py --resume``; return the folder."""
    toy = Toy(folder)
    toy.file("given.txt", "given")

    def mix(out: str, *inputs: str, keep: bool = True) -> None:
        job = toy.job(out.partition(".")[0].replace("/", "_"), MIX, out, str(seconds), *inputs)
        job.add_inputs(*inputs).add_outputs(out, stage_out=keep).add_dagman_profile(retry=2)

    for number in range(4):
        mix(f"a{number}.txt", "given.txt", keep=False)
    mix("b0.txt", "a0.txt", "a1.txt")
    mix("deep/b1.txt", "a2.txt", "a3.txt")
    toy.file("steps.ckpt")
    count = toy.job("count", COUNT).add_inputs("b0.txt").add_outputs("squares.txt")
    count.add_checkpoint("steps.ckpt", stage_out=False).add_dagman_profile(retry=2)
    toy.job("litter", LITTER).add_inputs("a3.txt").set_stdout("said.txt").add_dagman_profile(
        retry=2
    )
    mix("c.txt", "b0.txt", "deep/b1.txt", "said.txt")
    mix("last.txt", "c.txt", "squares.txt")
    return described(toy.write())


def described(folder: Path) -> Path:
    """Make a written toy a planned run of the local engine; return its folder."""
    for part in ("logs", "output"):
        (folder / part).mkdir(exist_ok=True)
    RunRecord(folder).describe(engine="local", name="toy")
    return folder
