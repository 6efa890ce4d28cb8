"""One target in one process: ``python -m tests.fuzz.one TARGET CORPUS FINDINGS [-OPTION=...]``.

An input that does what no reader may do is written to FINDINGS, once for each place in the code,
and the fuzzing goes on. One that hangs or takes too much memory ends the process; libFuzzer, whose
options these are, keeps it.
"""

import hashlib
import sys
import traceback
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["utils.dataset", "zipfile", "bs4", "yaml", "gzip", "lzma", "tests.fuzz.targets"]
):
    from tests.fuzz.targets import TARGETS

from tests.bad_input.hostile_archives import COMPRESSORS

BLOCK = 512


def mend_checksums(data: bytes, most: int, seed: int) -> bytes:
    """Mutate an archive, and let the headers of a tar have the checksums that they should.

    Chance alone does not find one. Now and then the tar is compressed, too.
    """
    changed = bytearray(atheris.Mutate(data, most))
    for place in range(0, len(changed) - BLOCK + 1, BLOCK):
        if changed[place + 257 : place + 262] == b"ustar" and seed % 8:
            changed[place + 148 : place + 156] = b" " * 8
            total = sum(changed[place : place + BLOCK])
            changed[place + 148 : place + 156] = b"%06o\0 " % total
    if seed % 64 == 1 and changed[257:262] == b"ustar":
        return list(COMPRESSORS.values())[seed // 64 % 3](bytes(changed))[:most]
    return bytes(changed)


def main(name: str, corpus: Path, findings: Path, options: list[str]) -> None:
    """Fuzz until libFuzzer's options say that it is enough."""
    target, seen = TARGETS[name], set()

    def run(data: bytes) -> None:
        try:
            target.run(data)
        except Exception as error:  # noqa: BLE001 (any is a finding)
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
            if place not in seen:
                seen.add(place)
                stem = hashlib.sha256(place.encode()).hexdigest()[:12]
                (findings / stem).write_bytes(data)
                (findings / f"{stem}.txt").write_text(traceback.format_exc())
                print(f"FINDING {place}: {str(error)[:200]!r}", file=sys.stderr, flush=True)

    more = {"custom_mutator": mend_checksums} if name == "archives" else {}
    atheris.Setup([sys.argv[0], *options, str(corpus)], run, **more)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
