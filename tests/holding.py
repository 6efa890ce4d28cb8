"""Executables that stay where a test wants them, so that no test need be quick to meet them."""

from pathlib import Path

HOLD = '''
def _hold() -> None:
    """Stay at a call, once, until asked to stop or killed; put here by a test."""
    import importlib, pathlib, signal, time

    mark, calls = pathlib.Path({mark!r}), []
    module, _, path = {place!r}.partition(":")
    owner = importlib.import_module(module)
    *owners, name = path.split(".")
    for one in owners:
        owner = getattr(owner, one)
    function = getattr(owner, name)

    def held(*given, **named):
        calls.append(name)
        if len(calls) == {call} and not mark.exists():
            asked, handler = [], signal.getsignal(signal.SIGTERM)
            signal.signal(signal.SIGTERM, lambda *told: (asked.append(told), handler(*told)))
            mark.touch()
            while not asked:
                time.sleep(0.01)
        return function(*given, **named)

    setattr(owner, name, held)


'''
MAIN = 'if __name__ == "__main__":'


def hold(executable: Path, place: str, call: int, mark: Path, copy: Path | None = None) -> Path:
    """Let an executable of ``bin/`` stay at a call of a function, the first time it gets there.

    It goes on once it is sent SIGTERM, which it takes as it would without this.

    Parameters
    ----------
    executable
        What is changed, or copied to `copy` and changed there.
    place
        The function, as ``module:Class.method``.
    call
        Which call of it in a process, from 1.
    mark
        A file that is not there before, and is made when it stays.

    Returns
    -------
    The executable that was changed.
    """
    text = executable.read_text()
    assert text.count(MAIN) == 1
    changed = copy or executable
    added = HOLD.format(mark=str(mark), place=place, call=call) + f"{MAIN}\n    _hold()"
    changed.write_text(text.replace(MAIN, added))
    return changed
