import argparse

from utils.dag.options.reading import add_arguments


def given(*argv: str) -> dict:
    """Return the options that a command line gives, as they stand before they are read."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return vars(parser.parse_args(argv))
