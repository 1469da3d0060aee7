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


def open_photo(path: Path) -> str:
    """Open it, and don't wait; returns what is to be said."""
    command = viewer()
    if command is None:
        return f"There is no desktop here. The photo is {path}"
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
        return f"{command} cannot be started ({error.strerror}). The photo is {path}"
    return "The photo is opened in your viewer."
