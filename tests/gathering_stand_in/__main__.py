"""The stand-in as a program: prints the settings that lead to it, one a line, and serves until Ctrl-C."""

import signal
import threading
from pathlib import Path

import click

from tests.gathering_stand_in.library import Library
from tests.gathering_stand_in.server import StandIn


@click.command()
@click.option(
    "--photos",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    required=True,
    help="folder with a subfolder of pictures for each word that is searched for",
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: a free one")
@click.option(
    "--thing", "things", multiple=True, help="a word that is no living thing: iNaturalist and GBIF know none of it"
)
@click.option("--everywhere", is_flag=True, help="every source offers every picture")
@click.option("--export", is_flag=True, help="begin each line with `export`, for a shell")
def main(photos: Path, port: int, things: tuple[str, ...], everywhere: bool, export: bool) -> None:
    """Serve the five image sources from FOLDER/WORD/*.

    Example: python -m tests.gathering_stand_in --photos photos --port 8099
    """
    library = Library.from_folder(photos, things=things, everywhere=everywhere)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with StandIn(library, port=port) as stand_in:
        for name, value in stand_in.settings().items():
            click.echo(f"{'export ' if export else ''}{name}={value}")
        click.echo("", nl=True)  # an empty line: that was all
        ended.wait()


if __name__ == "__main__":
    main()
