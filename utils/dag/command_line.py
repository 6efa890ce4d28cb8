"""A command line that says what is wrong with it, as all else here does."""

import argparse
import itertools
import re
from collections.abc import Sequence

from utils.errors import InputError, nearest


class Parser(argparse.ArgumentParser):
    """A parser that names a mistyped option before anything takes its value for something else."""

    def parse_args(self, words: Sequence[str]) -> argparse.Namespace:  # type: ignore[override]
        known = self._option_string_actions
        for word in itertools.takewhile(lambda word: word != "--", words):
            name = word.partition("=")[0]
            # Some editors make of "--" one longer dash.
            dashed = re.fullmatch(r"[-\u2010-\u2015\u2212]+([A-Za-z][\w-]*)", name)
            if dashed and name not in known:
                near = nearest(f"--{dashed[1].lower().replace('_', '-')}", known)
                told = f"did you mean {near}?" if near else "--help lists those there are"
                raise InputError(f"{name}: no such option; {told}")
        if "--" in words:
            return super().parse_args(words)
        return self.parse_intermixed_args(words)  # a folder may come after options

    def error(self, message: str) -> None:
        """Raise what else is wrong with the command line, to be told as every error is."""
        raise InputError(message)
