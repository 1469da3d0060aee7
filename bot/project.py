"""A project of somebody's own: a folder with its settings, the home of all it keeps, and a folder of photos a label."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.catalogue import LANGUAGES
from bot.errors import ProjectError
from bot.label_names import FILE

HOME, PHOTOS, SETTINGS = "home", "photos", ".env"
_IGNORED = f"# The token is nobody else's business, nor are people's photos.\n/{SETTINGS}\n/{HOME}/*\n!/{HOME}/{FILE}\n"
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ARTICLE = {"es": "una ...", "de": "eine ..."}  # languages whose sentences want a name with its article

_ENV = """\
# The settings of this project: `bearbot` reads them when it is started in this folder, and what is set in the
# environment wins. README.md lists them all. The token is as good as the bot, so this file is yours alone.

# What the photos may show. The model that comes with bearbot knows bears only: until you have trained one of your own
# (`bearbot model train {photos} --promote`), all photos go to people.
MODEL_LABELS={labels}
# The folder of everything that is kept: database, people's photos, models. What the bot calls your labels in other
# languages is in {names} there.
BEARBOT_HOME={home}
# In a group people ask with /{command} in reply to a photo.
BOT_GROUP_COMMAND={command}

# From @BotFather in Telegram. `bearbot run` needs it; `bearbot demo` does not.
#BOT_TOKEN=123456789:AA...
# Telegram user ids, comma-separated (@userinfobot tells yours): who may review in the chat, and who may do everything.
#BOT_MODERATORS=11111111,22222222
#BOT_ADMINS=11111111
# A mail address or page of yours, which the sources of photos ask programs to tell (`bearbot data gather`).
#DATA_CONTACT=you@example.org
"""

_NAMES = """\
# What the bot calls the labels in the chat, in each of its languages. To name one, take the # away and write its name;
# `a` is the name with its article, where sentences want that. A label without a name is called as in English.
# The bot reads this when it starts, and `bearbot doctor` says what is wrong in it.
"""


@dataclass(frozen=True)
class Project:
    """What a project is about. `labels` are a `Vocabulary`'s; `command` is fit for BOT_GROUP_COMMAND."""

    labels: tuple[str, ...]
    command: str

    def lay_out(self, folder: Path) -> None:
        """Make everything in `folder`, which may be there already with other things in it, even with photos.

        Raises `ProjectError`, with nothing touched, if it holds a project. Raises `OSError` when it cannot be written;
        the settings come last, so doing it again then goes on.
        """
        for sign in (SETTINGS, f"{HOME}/models", f"{HOME}/review.db"):
            if os.path.lexists(folder / sign):
                raise ProjectError(
                    f"{folder} holds a project already ({folder / sign}), and nothing was changed: name another "
                    f"folder, or change MODEL_LABELS in {folder / SETTINGS}"
                )
        folder.mkdir(parents=True, exist_ok=True)
        (folder / HOME).mkdir(mode=0o700, exist_ok=True)  # for people's photos
        for label in self.labels:
            (folder / PHOTOS / label).mkdir(parents=True, exist_ok=True)
        for name, text in ((f"{HOME}/{FILE}", self.names()), (".gitignore", _IGNORED)):
            if not os.path.lexists(folder / name):
                _write(folder / name, text)
        _write(folder / SETTINGS, self.settings(), mode=0o600)  # it will hold the token

    def settings(self) -> str:
        """The text of `.env`."""
        labels = ",".join(self.labels)
        # A label can hold neither quotes nor dollars nor backslashes, so quotes keep it whole, for a shell too.
        quoted = f'"{labels}"' if re.search(r"[ ']", labels) else labels
        return _ENV.format(photos=PHOTOS, labels=quoted, names=FILE, home=HOME, command=self.command)

    def names(self) -> str:
        """The text of `labels.toml`: the labels as they are in English, and room for the other languages."""
        return _NAMES + "".join(f"\n[{language}]\n{_named(language, self.labels)}" for language in LANGUAGES)


def _named(language: str, labels: Sequence[str]) -> str:
    lines = []
    for label in labels:
        key = label if _BARE_KEY.fullmatch(label) else f'"{label}"'
        if language == "en":
            lines.append(f'{key} = "{label}"\n')
        elif language in _ARTICLE:
            lines.append(f'#{key} = {{ name = "...", a = "{_ARTICLE[language]}" }}\n')
        else:
            lines.append(f'#{key} = "..."\n')
    return "".join(lines)


def _write(path: Path, text: str, mode: int = 0o666) -> None:
    """Whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except BaseException:  # also at Ctrl-C: nothing half-written stays
        draft.unlink(missing_ok=True)
        raise
