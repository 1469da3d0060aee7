"""What can go wrong in `bot`.

BotError                   catch it at a command to report one failure; its text never holds the token
├── InvalidTokenError      the Bot API server does not know the token
├── ServerError            what answers at BOT_BASE_URL is no Bot API server, or nothing answers
├── PollingConflict        another program receives this bot's updates
├── UnreadableUpdate       Telegram's JSON is no update as the Bot API describes it
├── CannotListen           an address of ours (webhook, metrics) is taken or not this machine's
├── ProjectError           a folder holds a project already
└── NoSuchWords            the catalogues cannot say what the code wants to say: a mistake in this program
"""


class BotError(Exception):
    """Any expected failure in `bot`; its text is fit to be shown to an operator."""


class InvalidTokenError(BotError):
    """The Bot API server does not know the token."""


class ServerError(BotError):
    """The Bot API server cannot be talked to."""


class PollingConflict(BotError):
    """Another program receives this bot's updates."""


class UnreadableUpdate(BotError):
    """JSON that is no update as the Bot API describes it; its text holds nothing of it."""


class CannotListen(BotError):
    """An address where this program should listen cannot be had."""


class ProjectError(BotError):
    """A project cannot be set up where it should."""


class NoSuchWords(BotError, ValueError):
    """The catalogues have no such message, or it wants another variable; its text tells no values."""
