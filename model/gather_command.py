"""`bearbot data gather`: from a search word to a folder of photos that `bearbot model train` reads."""

import click

from model.console import reports_errors


@click.command()
@reports_errors
def gather() -> None:
    """Search for photos."""
