"""`python -m bot` is `bearbot`; the console script begins here, so that Ctrl-C is answered before click is imported."""

import sys


def main() -> None:
    """Run `bearbot`."""
    try:
        from bot.cli import main as command

        command()
    except KeyboardInterrupt:  # while click was imported, or after its own handling
        sys.stderr.write("\nstopped\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
