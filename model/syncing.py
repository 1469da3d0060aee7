"""What is written is on disk only when it was synced."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """A file is on disk when it was synced, a new name when its folder was."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
