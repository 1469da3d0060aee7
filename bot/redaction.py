"""Secrets never leave: the token and the webhook's secret are taken out of whatever is logged or printed."""

import re

from pydantic import SecretStr

_TOKEN = "<BOT_TOKEN>"  # noqa: S105 - what stands in its place
_WEBHOOK_SECRET = "<BOT_WEBHOOK_SECRET>"  # noqa: S105 - what stands in its place


class Redaction:
    """Takes secrets out of a text, however a server, a proxy or a `repr` wrote them."""

    def __init__(self, token: SecretStr, webhook_secret: SecretStr | None = None) -> None:
        number, _, secret = token.get_secret_value().partition(":")
        # The part behind the colon alone is the secret: who takes `123:abc` for a host and a port names only `abc`.
        pattern = f"({_spelled(number)}{_spelled(':')})?{_spelled(secret)}"
        self._places = [(re.compile(pattern, re.IGNORECASE), _TOKEN)]
        if webhook_secret is not None:
            pattern = _spelled(webhook_secret.get_secret_value())
            self._places.append((re.compile(pattern, re.IGNORECASE), _WEBHOOK_SECRET))

    def __call__(self, text: str) -> str:
        """`text` with a name in the place of each secret."""
        for pattern, instead in self._places:
            text = pattern.sub(instead, text)
        return text

    def __repr__(self) -> str:
        return "<Redaction>"  # the patterns are the secrets


def redacted(text: str, token: SecretStr) -> str:
    """`text` without the token, also where a server or proxy wrote it in small letters or percent-encoded."""
    return Redaction(token)(text)


def _spelled(secret: str) -> str:
    """A pattern of `secret` as it is or percent-encoded, once or (a redirect in an address) more often."""
    return "".join(
        character if character.isalnum() else f"(?:{re.escape(character)}|%(?:25)*{ord(character):02x})"
        for character in secret
    )
