"""The catalogues: complete in every language, in step with the code, and never a hole in a sentence."""

import ast
import itertools
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.serializer import FluentSerializer
from hypothesis import given
from hypothesis import strategies as st

import bot
from bot import messages
from bot.catalogue import LANGUAGES, Catalogue, UntranslatedWords, Value, catalogue_for, sources
from bot.errors import NoSuchWords
from review import explanation_sheet, explanation_words
from review.explanation_english import ENGLISH
from review.outbox import OutboxKind
from review.tables import VerdictKind

TRANSLATIONS = [language for language in LANGUAGES if language != "en"]
LABELS = ("black", "grizzly", "teddy")  # of the bundled model: those that have names

# What a translation may say as English does: there is nothing to translate.
SAME_AS_ENGLISH = {
    "card-ranked": "a label and a percentage",
    "list-comma": "punctuation",
    "percent": "a figure and its sign",
    "sheet-neighbour": "punctuation",
    "sheet-percent": "a percentage",
    "stats-reason": "a dash and a figure",
}
# Told over a button (answerCallbackQuery), where Telegram takes 200 characters.
TOASTS = re.compile(
    r"claim-|outdated-|not-a-moderator|removed-reviewer|not-your-answer|already-settled|lease-lost|item-gone"
)


@dataclass
class Entry:
    """A message or a term ("-id"): the file, what it refers to, and what its variables may be."""

    file: str
    node: ftl.Message | ftl.Term
    calls: dict[str, set[str]]  # by variable: the functions that it is given to
    keys: dict[str, set[str]]  # by variable: the variants that are chosen by it
    forms: set[tuple[str, str]]  # (function, form)
    references: set[str]
    variables: set[str]

    @classmethod
    def of(cls, file: str, node: ftl.Message | ftl.Term) -> "Entry":
        entry = cls(file, node, defaultdict(set), defaultdict(set), set(), set(), set())
        for part in walk(node):
            match part:
                case ftl.VariableReference():
                    entry.variables.add(part.id.name)
                case ftl.MessageReference():
                    entry.references.add(part.id.name)
                case ftl.TermReference():
                    entry.references.add(f"-{part.id.name}")
                case ftl.FunctionReference():
                    for argument in part.arguments.positional:
                        if isinstance(argument, ftl.VariableReference):
                            entry.calls[argument.id.name].add(part.id.name)
                    for named in part.arguments.named:
                        if named.name.name == "form":
                            entry.forms.add((part.id.name, str(named.value.value)))
                case ftl.SelectExpression(selector=ftl.VariableReference(id=name)):
                    for variant in part.variants:
                        key = variant.key.name if isinstance(variant.key, ftl.Identifier) else variant.key.value
                        entry.keys[name.name].add(str(key))
        return entry

    def samples(self, variable: str) -> list[Value]:
        """Values that lead through every branch."""
        calls, keys = self.calls[variable], self.keys[variable]
        if "LABELS" in calls:
            return [(), ("black",), ("oak", "grizzly", "teddy"), [f"kind {number}" for number in range(40)]]
        if "LABEL" in calls or "none" in keys:
            return [*LABELS, "unicorn", "none"]
        if calls & {"PERCENT", "SHARE"}:
            return [0.0, 0.004, 0.25, 0.973, 0.999, 1.0]
        if "DURATION" in calls:
            return [3, 60, 7300.0, 86_400, 1_000_000]
        if keys:
            numbers = all(key.isdigit() or key in ("one", "other") for key in keys)
            return [0, 1, 2, 5, 1204] if numbers else [*sorted(keys), "something else"]
        return ["Mo", 7]


def walk(node: ftl.BaseNode) -> Iterator[ftl.BaseNode]:
    yield node
    for value in vars(node).values():
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, ftl.BaseNode):
                yield from walk(part)


@cache
def entries(language: str) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for file, text in sources(language).items():
        for node in FluentParser().parse(text).body:
            assert not isinstance(node, ftl.Junk), f"{language}/{file}: {node.content}"
            if isinstance(node, ftl.Message | ftl.Term):
                id = f"-{node.id.name}" if isinstance(node, ftl.Term) else node.id.name
                assert id not in found, f"{language}/{file}: {id} is there twice"
                found[id] = Entry.of(file, node)
    return found


def variables(language: str, id: str) -> set[str]:
    """All that have to be given, also to what it refers to."""
    entry = entries(language)[id]
    return entry.variables.union(*(variables(language, other) for other in entry.references))


def attributes(id: str, node: ftl.Message | ftl.Term) -> set[str]:
    """Those that code may ask for; grammatical forms are each language's own affair."""
    return set() if id.startswith(("label-", "percent")) else {attribute.id.name for attribute in node.attributes}


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_language_says_what_english_says(language: str) -> None:
    english, translated = entries("en"), entries(language)
    assert sources(language).keys() == sources("en").keys()
    said = {id for id in english if not id.startswith("-")}
    assert {id for id in translated if not id.startswith("-")} == said
    for id in said:
        assert translated[id].file == english[id].file, id
        assert variables(language, id) == variables("en", id), id
        assert attributes(id, translated[id].node) == attributes(id, english[id].node), id


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_says_what_belongs_there(language: str) -> None:
    for file, text in sources(language).items():
        assert text.startswith("# "), file


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_nothing_is_left_untranslated(language: str) -> None:
    serialize = FluentSerializer().serialize_entry

    def text(entry: Entry) -> str:
        return serialize(type(entry.node)(entry.node.id, entry.node.value))

    english = entries("en")
    same = {id for id, entry in entries(language).items() if id in english and text(entry) == text(english[id])}
    assert same <= SAME_AS_ENGLISH.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_can_be_said_whatever_is_said_about(language: str) -> None:
    words = catalogue_for(language)
    for id, entry in entries(language).items():
        if id.startswith("-"):
            continue
        names = sorted(variables(language, id))
        for chosen in itertools.product(*(entry.samples(name) for name in names)):
            values = dict(zip(names, chosen, strict=True))
            if isinstance(labels := values.get("labels"), tuple | list):
                if "count" in names:
                    values["count"] = len(labels)
                elif not labels:
                    continue  # who asks for no count has labels to tell
            text = words(id, **values)
            assert text, id
            assert text == text.strip(), id
            assert not re.search(r"[{}$]| {2}| [.,:;!?](?!\w)|\?\?\?", text), f"{id}: {text}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_telegram_takes_menus_and_toasts(language: str) -> None:
    words = catalogue_for(language)
    for id, entry in entries(language).items():
        if id.startswith("menu-"):
            assert 1 <= len(words(id)) <= 60, f"{id}: Telegram takes 256 characters, but shows few"
        if TOASTS.match(id):
            longest = dict.fromkeys(entry.variables, "n" * 40)
            assert len(words(id, **longest)) <= 200, id


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_have_the_forms_that_sentences_ask_for(language: str) -> None:
    asked = {form for entry in entries(language).values() for call, form in entry.forms if call in ("LABEL", "LABELS")}
    for label in LABELS:
        assert {attribute.id.name for attribute in entries(language)[f"label-{label}"].node.attributes} == asked


def test_chinese_has_marks_of_its_own() -> None:
    for file, text in sources("zh").items():
        said = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        assert not re.search(r"[\u4e00-\u9fff}][,.;:!?](?!\w)|[\u4e00-\u9fff]\(|您", said), file


def python_of_the_bot() -> Iterator[tuple[Path, ast.AST]]:
    """With what puts the words of the catalogues onto the sheet of /why."""
    drawing = [Path(module.__file__) for module in (explanation_words, explanation_sheet)]
    for path in [*sorted(Path(bot.__file__).parent.rglob("*.py")), *drawing]:
        if "sandbox" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text())):
                yield path, node


def _says(node: ast.AST) -> bool:
    """Whether it is a call of a catalogue."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    called = node.func.func if isinstance(node.func, ast.Call) else node.func
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name == "words" or (isinstance(node.func, ast.Call) and name == "catalogue_for")


def _beginning(node: ast.AST) -> str | None:
    """What an f-string begins with."""
    first = node.values[0] if isinstance(node, ast.JoinedStr) and node.values else None
    return str(first.value) if isinstance(first, ast.Constant) else None


def test_the_code_says_only_what_there_is_and_all_that_there_is() -> None:
    english = entries("en")
    used = {id for entry in english.values() for id in entry.references}
    begun = {id for id in english if id.startswith("label-")}
    code = list(python_of_the_bot())
    used |= {node.value for _, node in code if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    for path, node in code:
        if (beginning := _beginning(node)) and beginning.endswith("-"):
            begun |= {id for id in english if id.startswith(beginning)}
        if not _says(node):
            continue
        assert isinstance(node, ast.Call)
        where = f"{path.name}:{node.lineno}"
        given = {keyword.arg for keyword in node.keywords}
        if isinstance(node.args[0], ast.Constant):
            id = str(node.args[0].value)
            assert id in english, f"{where}: no message {id!r}"
            if None not in given:
                assert given == variables("en", id), f"{where}: {id}"
        elif beginning := _beginning(node.args[0]):
            # Those that want more are named elsewhere.
            family = [id for id in english if id.startswith(beginning) and id not in used]
            assert family, f"{where}: no message begins with {beginning!r}"
            assert None in given or all(variables("en", id) <= given for id in family), where
    assert english.keys() - used - begun == set()


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("de", "de"),
        ("de-AT", "de"),
        ("DE_ch", "de"),
        ("es-419", "es"),
        ("zh", "zh"),
        ("zh-hans", "zh"),
        ("zh-CN", "zh"),
        ("zh-TW", "zh"),
        ("pt-BR", "en"),
        ("deutsch", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_a_tag_finds_its_language_or_english(tag: str | None, language: str) -> None:
    assert catalogue_for(tag).language == language
    assert catalogue_for(tag) is catalogue_for(language)


@given(st.text())
def test_any_tag_finds_one(tag: str) -> None:
    assert catalogue_for(tag).language in LANGUAGES


def test_mistakes_of_the_code_are_errors() -> None:
    words = catalogue_for("en")
    with pytest.raises(NoSuchWords, match="no message 'nonsense'"):
        words("nonsense")
    with pytest.raises(NoSuchWords, match=r"'answered' cannot be formatted.*confidence"):
        words("answered", label="black")
    with pytest.raises(NoSuchWords, match="no attribute 'loud'"):
        words("failed.loud")
    with pytest.raises(NoSuchWords, match="cannot be formatted"):
        words("card-waiting", seconds="long", left=1)


BROKEN = {"x.ftl": "answered = Das ist { $etwas }\nalbum =\n    .attribute = nur dies\n"}


@pytest.mark.parametrize(("id", "values"), [("answered", {"label": "oak", "confidence": 0.5}), ("album", {"count": 1})])
def test_what_a_translation_cannot_say_is_said_in_english_and_logged_once(id: str, values: dict[str, Any]) -> None:
    english = catalogue_for("en")
    broken = Catalogue("de", BROKEN, english)
    with pytest.raises(UntranslatedWords, match=f"de: .*'{id}'"):  # in tests
        broken(id, **values)
    with warnings.catch_warnings(record=True) as logged:
        warnings.simplefilter("default")  # as in production, where `logging` catches what is warned of
        for _ in range(3):
            assert broken(id, **values) == english(id, **values)
    assert len(logged) == 1
    assert "oak" not in str(logged[0].message), "what people send is not logged"


def test_labels_are_called_by_their_names() -> None:
    german = catalogue_for("de")
    assert german.label("black") == "Schwarzbär"
    assert german.label("black", "a") == "ein Schwarzbär"
    assert german.label("oak", "a") == german.label("oak") == "oak"
    assert german.label("x.a") == "x.a"
    assert [catalogue_for("en").label(label) for label in LABELS] == list(LABELS)


def test_the_languages_say_the_same_answer() -> None:
    said = {
        language: catalogue_for(language)(
            "answered-of-two", label="grizzly", confidence=0.999, runner_up="oak", runner_up_confidence=0.3
        )
        for language in LANGUAGES
    }
    assert said == {
        "en": "I see: grizzly (over 99 % sure). It might also be: oak (30 %).",
        "es": "Veo: un oso grizzly. Lo digo con más de un 99 % de seguridad. También podría ser: oak (30 %).",
        "de": "Auf dem Foto: ein Grizzly. Da bin ich mir zu über 99 % sicher. Vielleicht auch: oak (30 %).",
        "zh": "这是灰熊，我有超过 99% 的把握。也可能是oak（30%）。",  # noqa: RUF001 - Chinese marks are meant
    }


def test_the_sheet_of_the_command_line_says_what_the_chat_says() -> None:
    """Its English is there twice, as `review` knows no catalogues."""
    said = {id: entry for id, entry in entries("en").items() if id.startswith("sheet-")}
    assert said
    for id, entry in said.items():
        kinds = {name: entry.calls[name] for name in entry.variables}
        values = {name: 0.973 if "PERCENT" in calls else "oak" for name, calls in kinds.items()}
        assert catalogue_for("en")(id, **values) == ENGLISH(id, **values)
    assert ENGLISH.texts.keys() == said.keys()


def test_figures_are_written_as_each_language_does() -> None:
    def figures(language: str) -> tuple[str, str]:
        words = catalogue_for(language)
        agreement = words("stats-agreement", count=1, total=2, share=0.975, low=0.1, high=0.9, confidence=0.95)
        return words("card-waiting", seconds=7300, left=1204), agreement.splitlines()[0]

    assert figures("de") == (
        "Wartet: 2 Stunden; noch 1204 in der Warteschlange",
        "Menschen stimmten bei 1 von 2 zu (97,5 %).",
    )
    assert figures("zh")[0] == "已等待 2 小时；队列中还有 1204 张"  # noqa: RUF001 - Chinese marks are meant


def test_long_lists_are_cut() -> None:
    text = messages.start(catalogue_for("en"), [f"kind {number}" for number in range(100)])
    assert "kind 29 and 70 more." in text


OUTBOX: dict[OutboxKind, dict[str, Any]] = {
    OutboxKind.ANSWERED: {"label": "black", "confidence": 0.97, "runner_up": None, "runner_up_confidence": None},
    OutboxKind.IN_REVIEW: {"reasons": ["low_confidence"], "label": "black", "confidence": 0.6},
    OutboxKind.KNOWN: {"label": "none"},
    OutboxKind.STILL_IN_REVIEW: {},
    OutboxKind.ALBUM: {
        "parts": [
            {"message": 1, "kind": "known", "parameters": {"label": "black"}},
            {"message": 2, "kind": "still_in_review", "parameters": {}},
        ]
    },
    OutboxKind.REJECTED: {"problem": "too_many_bytes", "limit": 20_000_000},
    OutboxKind.REFUSED: {"refusal": "rate_limit", "limit": 5},
    OutboxKind.HUMAN_ANSWER: {"label": "black", "model_label": "teddy", "told": "answer"},
    OutboxKind.NOT_A_PICTURE: {"labels": LABELS},
    OutboxKind.BUSY: {"place": 12},
    OutboxKind.CORRECTION: {"label": "black", "previous_label": "none"},
    OutboxKind.CONFIRMED: {"label": "black"},
    OutboxKind.NOTED: {"label": None},
    OutboxKind.OVERDUE: {"seconds": 90_000},
    OutboxKind.RETRAINED: {"outcome": "kept", "champion": "b", "candidate": "a", "explanation": "worse"},
    OutboxKind.PING: {"waiting": 5, "disputed": 2},
    OutboxKind.NOT_ADMITTED: {"access": "invitation", "user": 7},
}
WORDLESS = (
    OutboxKind.EXPLANATION,  # it and the next are made when they are delivered
    OutboxKind.MY_DATA,
    OutboxKind.REVIEW_CARD,
    OutboxKind.REMOVAL,
)


@pytest.mark.parametrize("kind", [kind for kind in OutboxKind if kind not in WORDLESS])
def test_every_kind_of_message_is_said_in_every_language(kind: OutboxKind) -> None:
    said = {messages.render(catalogue_for(language), kind, OUTBOX.get(kind, {})) for language in LANGUAGES}
    assert len(said) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_is_recognised_in_every_language(language: str) -> None:
    words = catalogue_for(language)
    card = messages.review_card(
        words, item_id=7, reasons=["audit"], probabilities={"black": 1.0}, waiting_seconds=9, left=0
    )
    results = [
        messages.review_result(words, item_id=7, kind=kind, label=label, reviewer="Mo")
        for kind, label in (
            (VerdictKind.LABEL, "black"),
            (VerdictKind.NONE, None),
            (VerdictKind.SKIP, None),
            (VerdictKind.CANT_TELL, None),
        )
    ]
    assert len(set(results)) == 4
    for text in (card, f"{words('photo-gone')}\n{card}", *results):
        assert messages.item_on_card(text) == 7
    assert messages.item_on_card(words("nothing-waits")) is None
