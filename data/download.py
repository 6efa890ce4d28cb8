#!/usr/bin/env python3
"""Fetch the public Face Mask Detection data set from Kaggle and tell where it lies.

Needs internet, and a Kaggle account where Kaggle asks for one (see data/README.md).
"""

import sys


def main() -> int:
    """Download, print the folder and the command that uses it, and return the exit code."""
    try:
        import kagglehub
    except ImportError:
        print("kagglehub is not installed; `make data` installs it", file=sys.stderr)
        return 2
    folder = kagglehub.dataset_download("andrewmvd/face-mask-detection")
    print(f"{folder}\nNow: python workflow.py --data {folder} --predict YOUR_PHOTOGRAPHS")
    return 0


if __name__ == "__main__":
    sys.exit(main())
