"""`bearbot data ...`: from a search word to a clean data set."""

import click

from model.lazy_group import LazyGroup

# Gathering and checking are model's, the cleaning page is review's; here they come together.
_COMMANDS = {
    "gather": "model.gather_command:gather",
    "check": "model.check_command:check",
    "clean": "review.cli.clean:clean",
    "augment": "model.augment_command:augment",
}


@click.group(cls=LazyGroup, homes=_COMMANDS)
def data() -> None:
    """Gather photos of any subject, check them, and clean their labels.

    \b
    Example:
      bearbot data gather "grizzly bear" --label grizzly --count 150
      bearbot data check photos
      bearbot data clean photos
    """
