"""The bot that everyone writes: `load_learner` at start, `learn.predict` in the handler, one update after the other."""

from pathlib import Path
from typing import Any

import click


@click.group()
def main() -> None:
    """The usual bot, for `make bench-bot`."""


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
def export(path: Path) -> None:
    """Write the champion's body and head to PATH as `learn.export` does.

    \b
    Example:
      python tests/benchmarks/usual_bot.py export bears.pkl
    """
    from usual_learner import usual_learner

    from model.network import backbone_named, torch_device
    from model.registry import Registry
    from model.settings import ModelSettings

    settings = ModelSettings.load()
    registry = Registry(settings.home)
    artifact = registry.load(registry.champion())
    learner = usual_learner(
        backbone_named(artifact.card.backbone),
        torch_device(settings.device),
        list(artifact.card.labels),
        artifact.head,
    )
    learner.export(path)


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--url", required=True, help="Root of the Bot API server.")
@click.option("--token", required=True, help="The bot's token.")
def run(path: Path, url: str, token: str) -> None:
    """Answer photos with the learner at PATH until told to stop.

    \b
    Example:
      python tests/benchmarks/usual_bot.py run bears.pkl --url http://127.0.0.1:8081 --token 123:abc
    """
    from fastai.learner import load_learner
    from telegram import Update
    from telegram.ext import ApplicationBuilder, ContextTypes, MessageHandler, filters

    learn: Any = load_learner(path)

    async def photo(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.effective_message
        assert message is not None
        file = await message.photo[-1].get_file()
        data = await file.download_as_bytearray()
        label, place, probabilities = learn.predict(bytes(data))
        await message.reply_text(f"{label}: {float(probabilities[place]):.0%}")

    application = ApplicationBuilder().token(token).base_url(f"{url}/bot").base_file_url(f"{url}/file/bot").build()
    application.add_handler(MessageHandler(filters.PHOTO, photo))
    application.run_polling()


if __name__ == "__main__":
    main()
