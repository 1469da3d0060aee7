"""The reviewer's own program for pictures."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def viewer() -> str | None:
    """The command that opens a file as a double click would; None where there is no desktop (over ssh, say)."""
    if sys.platform == "darwin":
        return None if os.environ.get("SSH_CONNECTION") else "open"
    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return shutil.which("xdg-open")
    return None


def open_photo(path: Path) -> str | None:
    """Open it, and don't wait; returns why that is not possible, None if it is."""
    command = viewer()
    if command is None:
        return "There is no desktop here to open it on."
    try:
        # Its words would land on the screen, and Ctrl-C here must not end it.
        subprocess.Popen(
            [command, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return f"{command} cannot be started: {error.strerror}."
    return None
