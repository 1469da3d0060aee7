"""The words of the chat in several languages: Fluent catalogues in `bot/locales/LANGUAGE/TOPIC.ftl`, loaded when used.

Beside Fluent's own NUMBER, messages may call LABEL($label, form: "a"), LABELS($labels, last: "or"),
PERCENT($confidence), SHARE($share) and DURATION($seconds). Syntax: https://projectfluent.org/fluent/guide
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from fluent.runtime import FluentBundle, FluentResource
from fluent.runtime.types import FluentInt, FluentNumber, FluentType, fluent_number

from bot.errors import NoSuchWords
from bot.label_names import NAME, LabelNames, Names
from review.phrases import largest_unit, whole_percent

# What a message can be told: a list is one of labels, see LABELS.
Value = str | int | float | Sequence[str]

LANGUAGES: Mapping[str, str] = {"en": "English", "es": "Español", "de": "Deutsch", "zh": "中文"}  # by their own names
_FALLBACK = "en"
_MOST_LISTED = 30  # labels; more of them would fill a message, and nobody reads them


class UntranslatedWords(RuntimeWarning):
    """A message of a translation is missing or broken; English is used instead. An error in tests, logged once else."""


class Catalogue:
    """All messages of one language. `fallback` (English) says what this one cannot; what it cannot either is an error.

    `words("message-id", name=value)`, or `words("message-id.attribute")`.
    """

    def __init__(
        self,
        language: str,
        texts: Mapping[str, str],
        fallback: "Catalogue | None" = None,
        names: Names | None = None,
    ) -> None:
        """`texts` are Fluent sources by file name, which errors tell. `names` of labels take the place of theirs."""
        self.language = language
        self._fallback = fallback
        self._names = names
        functions: dict[str, Callable[..., Any]] = {
            "LABEL": self.label,
            "LABELS": self._labels,
            "PERCENT": self._percent,
            "SHARE": self._share,
            "DURATION": self._duration,
        }
        # Marks that isolate texts of other directions of writing would stand in the way of searching and quoting.
        self._bundle = FluentBundle([language], functions=functions, use_isolating=False)
        for text in texts.values():
            self._bundle.add_resource(FluentResource(text))

    def __call__(self, message: str, /, **values: Value) -> str:
        """The words of a message. Raises `NoSuchWords` if not even English has it, or for want of a variable."""
        try:
            return self._formatted(message, values)
        except NoSuchWords as error:
            if self._fallback is None:
                raise
            warnings.warn(UntranslatedWords(f"{self.language}: {error}"), stacklevel=2)
            return self._fallback(message, **values)

    def label(self, label: str, form: str = "") -> str:
        """A label by its name in this language, if it has one, in a grammatical form (an attribute of the message).

        Where a project names its labels itself, one without a name here is called as in English.
        """
        if self._names is not None:
            forms = self._names.get(label)
            if forms is None:
                return self._fallback.label(label) if self._fallback is not None else label
            return forms.get(form, forms[NAME])
        message = f"label-{label}"
        if not self._bundle.has_message(message):
            return label
        return self._in_form(message, form)

    def in_a_row(self, texts: Sequence[str]) -> str:
        """`a, b, c`; at least one."""
        row = texts[0]
        for text in texts[1:]:
            row = self("list-comma", items=row, next=text)
        return row

    def _formatted(self, message: str, values: Mapping[str, Value]) -> str:
        name, _, attribute = message.partition(".")
        if not self._bundle.has_message(name):
            raise NoSuchWords(f"no message {name!r} in the catalogue")
        found = self._bundle.get_message(name)
        pattern = found.attributes.get(attribute) if attribute else found.value
        if pattern is None:
            raise NoSuchWords(f"message {name!r} has no {f'attribute {attribute!r}' if attribute else 'value'}")
        text, errors = self._bundle.format_pattern(pattern, {key: _fluent(value) for key, value in values.items()})
        if errors:
            raise NoSuchWords(f"message {message!r} cannot be formatted: {errors[0]!r}")
        return str(text)

    def _in_form(self, message: str, form: str, **values: Value) -> str:
        """A form that a message has not is its plain value: most languages need few of them."""
        has_it = form and form in self._bundle.get_message(message).attributes
        return self._formatted(f"{message}.{form}" if has_it else message, values)

    # What messages call. Whatever these raise makes the message an error.

    def _labels(self, labels: "_Listed", last: str = "and", form: str = "") -> str:
        """`a, b and c`, or with `last`: "or"; each in a grammatical `form`."""
        names = [self.label(label, form) for label in labels.items[:_MOST_LISTED]]
        if len(labels.items) > _MOST_LISTED:
            more = len(labels.items) - _MOST_LISTED
            return self._formatted("list-and-more", {"items": self.in_a_row(names), "count": more})
        if len(names) < 2:
            return "".join(names)
        return self._formatted(f"list-{last}", {"items": self.in_a_row(names[:-1]), "last": names[-1]})

    def _percent(self, confidence: float, form: str = "") -> str:
        """0..1 as a person says it; never a certainty that no model has."""
        bound, figure = whole_percent(confidence)
        return self._in_form({-1: "percent-under", 0: "percent", 1: "percent-over"}[bound], form, figure=figure)

    def _share(self, share: float) -> str:
        """0..1 as a figure of a statistic, to a tenth of a percent."""
        return self._formatted("percent", {"figure": round(100 * share, 1)})

    def _duration(self, seconds: float) -> str:
        """A waiting time in the largest unit that fits."""
        unit, count = largest_unit(seconds)
        return self._formatted(f"duration-{unit}", {"count": count})


class Catalogues:
    """The catalogue of each language, loaded when it is first used."""

    def __init__(self, names: LabelNames | None = None) -> None:
        """`names` of a project's labels; None: those that come with bearbot."""
        self._names = names
        self._loaded: dict[str, Catalogue] = {}

    def of(self, language_tag: str | None) -> Catalogue:
        """The catalogue of an IETF tag, or of its primary subtag (de-AT: German); English for anything else."""
        primary = (language_tag or "").replace("_", "-").partition("-")[0].lower()
        language = primary if primary in LANGUAGES else _FALLBACK
        if language not in self._loaded:
            fallback = None if language == _FALLBACK else self.of(_FALLBACK)
            names = None if self._names is None else self._names.by_language.get(language, {})
            # Whoever comes at the same time takes the same one.
            self._loaded.setdefault(language, Catalogue(language, sources(language), fallback, names))
        return self._loaded[language]


_WITHOUT_A_PROJECT = Catalogues()


def catalogue_for(language_tag: str | None) -> Catalogue:
    """As `Catalogues.of`, for words in which no label is named, or bearbot's own."""
    return _WITHOUT_A_PROJECT.of(language_tag)


def sources(language: str) -> dict[str, str]:
    """The Fluent sources of a language of `LANGUAGES`, by file name."""
    folder = files("bot") / "locales" / language
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".ftl")), key=lambda file: file.name)
    return {file.name: file.read_text(encoding="utf-8") for file in found}


class _Listed(FluentType):
    """Labels, on their way to LABELS; without it they are simply put one after the other."""

    def __init__(self, items: Sequence[str]) -> None:
        self.items = tuple(items)

    def format(self, locale: Any) -> str:
        return ", ".join(self.items)


def _fluent(value: Value) -> str | FluentType:
    if isinstance(value, str | FluentNumber):
        return value
    if isinstance(value, int):  # digits are not grouped: counts here are small, and "1 204" would be quoted oddly
        return FluentInt(value, useGrouping=False)
    if isinstance(value, float):
        return fluent_number(value, maximumFractionDigits=1)
    return _Listed(value)
