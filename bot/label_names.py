"""What a project calls its labels in the chat, in each language: `labels.toml` in its home folder.

    [en]
    teapot = "teapot"

    [de]
    teapot = { name = "Teekanne", a = "eine Teekanne" }

`a` is the name with its article, as sentences of some languages want it. It is a file that people write by hand: what
is wrong in it is told, and those labels are shown as they are.
"""

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "labels.toml"
NAME, WITH_ARTICLE = "name", "a"
_LONGEST = 40  # letters, as labels: a card must fit under a photo, and a toast over a button
_EXPECTED = f'a name in quotes, or {{ name = "...", a = "..." }}, each of 1 to {_LONGEST} letters on one line'

# By label: the name, and the forms that the language has besides.
Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class LabelNames:
    """`by_language`: a language's code (de) -> its names. `problems`: sentences about the file, for who wrote it."""

    by_language: Mapping[str, Names]
    problems: tuple[str, ...] = ()

    @property
    def labels(self) -> frozenset[str]:
        """Those that have a name in any language."""
        return frozenset(label for names in self.by_language.values() for label in names)


def read_names(home: Path, languages: Collection[str]) -> LabelNames | None:
    """The names in `home`; None where nobody wrote any. Raises nothing: a file that cannot be read is a problem."""
    file = home / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        return LabelNames({}, (f"{file}: expected a readable file in UTF-8 ({type(error).__name__})",))
    found = parse_names(text, languages)
    return LabelNames(found.by_language, tuple(f"{file}: {problem}" for problem in found.problems))


def parse_names(text: str, languages: Collection[str]) -> LabelNames:
    """What of `text` can be used, and what is wrong with the rest."""
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # brackets in brackets in brackets ...
        return LabelNames({}, (f'expected TOML, as in [de] and teapot = "Teekanne" ({error})',))
    problems: list[str] = []
    by_language: dict[str, Names] = {}
    for language, table in tables.items():
        if language not in languages:
            problems.append(f"[{language}]: expected one of {', '.join(f'[{known}]' for known in languages)}")
        elif not isinstance(table, dict):
            problems.append(f"{language}: expected [{language}], and a line for each label under it")
        else:
            by_language[language] = dict(_fit(language, table, problems))
    return LabelNames(by_language, tuple(problems))


def _fit(language: str, table: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    for label, value in table.items():
        forms = {NAME: value} if isinstance(value, str) else value
        if (
            isinstance(forms, dict)
            and NAME in forms
            and forms.keys() <= {NAME, WITH_ARTICLE}
            and all(_is_name(text) for text in forms.values())
        ):
            yield label, {form: text.strip() for form, text in forms.items()}
        else:
            problems.append(f"{label!r} in [{language}]: expected {_EXPECTED}")


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST and value.isprintable()
