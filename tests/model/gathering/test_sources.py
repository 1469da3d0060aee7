"""What holds for every source, against the stand-in that speaks as the real ones do."""

import copy
from itertools import islice
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from model.errors import SettingsError, SourceError, UnknownSubject
from model.gather_command import gather
from model.gathering import sources
from model.gathering.licences import REUSABLE, Licence
from model.gathering.settings import GatheringSettings
from model.gathering.source import Hit
from tests.gathering_stand_in import Fault, Library, Photo, Rights, StandIn
from tests.model.gathering.asking import PAGE_SIZES, SEARCHES, SOURCES, Recorded, asked, hasty, library, source_at

ALL = frozenset(Licence)
_LIVING = ("inaturalist", "gbif")

every_source = pytest.mark.parametrize("name", SOURCES)


def keys(hits: list[Hit]) -> set[str]:
    return {hit.key for hit in hits}


@every_source
def test_pages_to_the_end(name: str) -> None:
    count = 2 * PAGE_SIZES[name] + 3
    with StandIn(library(count)) as stand_in, asked(stand_in, name) as source:
        hits = list(source.search("bear", REUSABLE))
        assert len(keys(hits)) == len(hits) == count
        # Bing never says that a page was its last.
        assert len(stand_in.asked(SEARCHES[name])) == (4 if name == "bing" else 3)


@every_source
def test_a_full_last_page_is_the_last(name: str) -> None:
    with StandIn(library(PAGE_SIZES[name])) as stand_in, asked(stand_in, name) as source:
        assert len(list(source.search("bear", REUSABLE))) == PAGE_SIZES[name]
        assert len(stand_in.asked(SEARCHES[name])) == (2 if name == "bing" else 1)


@every_source
def test_no_page_is_asked_for_before_it_is_needed(name: str) -> None:
    size = PAGE_SIZES[name]
    with StandIn(library(3 * size)) as stand_in, asked(stand_in, name) as source:
        hits = source.search("bear", REUSABLE)
        assert stand_in.asked("/") == []  # nothing before the first is wanted
        assert len(list(islice(hits, size))) == size
        assert len(stand_in.asked(SEARCHES[name])) == 1
        next(hits)
        assert len(stand_in.asked(SEARCHES[name])) == 2


@every_source
def test_what_a_hit_tells(name: str) -> None:
    with StandIn(library(1, rights=Rights("by-sa", "Ben & Söhne"))) as stand_in, asked(stand_in, name) as source:
        (hit,) = source.search("bear", ALL)
        (photo,) = stand_in.library.photos
        assert hit.source == source.name == name
        assert hit.url.startswith(stand_in.url)
        with hasty() as http:
            assert http.get_picture(hit.url, limits_of(1000)).body == photo.data
        assert hit.page.startswith("https://")
        if name == "bing":  # says neither
            assert (hit.licence, hit.author, hit.licence_url) == (Licence.UNKNOWN, None, None)
        else:
            assert (hit.licence, hit.author) == (Licence.BY_SA, "Ben & Söhne")


def limits_of(max_bytes: int) -> Any:
    from model.gathering.watch import FetchLimits

    return FetchLimits(max_bytes=max_bytes, total_seconds=10.0)


@every_source
def test_nothing_found_is_no_error(name: str) -> None:
    with StandIn(library(3)) as stand_in, asked(stand_in, name) as source:
        if name in _LIVING:
            with pytest.raises(UnknownSubject, match=f"{name} knows no living thing called 'zebra'"):
                list(source.search("zebra", REUSABLE))
        else:
            assert list(source.search("zebra", REUSABLE)) == []


@pytest.mark.parametrize("name", _LIVING)
def test_a_living_thing_without_photos(name: str) -> None:
    beast = Photo("bear", "1.jpg", b"x", sources=frozenset({"openverse"}))
    with StandIn(Library([beast])) as stand_in, asked(stand_in, name) as source:
        assert list(source.search("bear", REUSABLE)) == []


@every_source
@pytest.mark.parametrize("query", ["ours brun", "熊 🐻", "bear & cub=1?#", "bär 100%", "a+b", "مرحبا bear"])
def test_queries_in_any_writing_arrive_as_they_are(name: str, query: str) -> None:
    with StandIn(library(2, word=query)) as stand_in, asked(stand_in, name) as source:
        assert len(list(source.search(query, REUSABLE))) == 2
        (first, *_) = stand_in.asked(f"/{name}")
        heard = {**first.query}
        text = heard.get("gsrsearch", "").removesuffix(" filetype:bitmap") or heard.get("q") or heard.get("name")
        assert text == query


@every_source
def test_photos_without_a_licence_or_an_author(name: str) -> None:
    with StandIn(library(2, rights=Rights(None, None))) as stand_in, asked(stand_in, name) as source:
        hits = list(source.search("bear", ALL))
        assert {hit.licence for hit in hits} <= {Licence.UNKNOWN}
        assert len(hits) == (0 if name == "openverse" else 2)  # it holds none without a licence
        if name != "inaturalist":
            assert {hit.author for hit in hits} <= {None}
        # Those who can filter send none that may not be reused; for the others it is told.
        with_licence = list(source.search("bear", REUSABLE))
        assert all(hit.licence not in REUSABLE for hit in with_licence)


@pytest.mark.parametrize("name", [name for name in SOURCES if name != "bing"])
def test_markup_in_the_names_of_authors(name: str) -> None:
    author = "<script>steal()</script><b>Eve</b>\u202e\n<i style='display:none'>x</i>Example</b>"
    with StandIn(library(1, rights=Rights("by", author))) as stand_in, asked(stand_in, name) as source:
        (hit,) = source.search("bear", REUSABLE)
        assert hit.author == "Eve Example"


@every_source
def test_licences_are_filtered_by_the_source_where_it_can(name: str) -> None:
    photos = [
        Photo("bear", f"{licence}.jpg", b"x", Rights(licence, "Ana"))
        for licence in ("cc0", "pdm", "by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd", None)
    ]
    with StandIn(Library(photos)) as stand_in, asked(stand_in, name) as source:
        found = {hit.licence for hit in source.search("bear", {Licence.BY, Licence.CC0, Licence.PDM})}
        if name == "wikimedia":
            assert len(found) == 9
        else:
            offered = {"openverse": "by cc0 pdm", "inaturalist": "by cc0", "gbif": "by cc0", "bing": "pdm"}[name]
            assert found == {Licence(code) for code in offered.split()}


@every_source
def test_too_many_requests_are_waited_out(name: str) -> None:
    with StandIn(library(3)) as stand_in, asked(stand_in, name) as source:
        stand_in.faults.add(Fault.flood(SEARCHES[name], retry_after=1))
        assert len(list(source.search("bear", REUSABLE))) == 3
        first, second, *_ = stand_in.asked(SEARCHES[name])
        assert second.at - first.at >= 1


@every_source
@pytest.mark.parametrize("fault", [Fault.broken, Fault.silence], ids=["500", "hung up"])
def test_passing_trouble_is_tried_again(name: str, fault: Any) -> None:
    with StandIn(library(3)) as stand_in, asked(stand_in, name) as source:
        stand_in.faults.add(fault(SEARCHES[name], times=2))
        assert len(list(source.search("bear", REUSABLE))) == 3


@every_source
def test_lasting_trouble_ends_the_search_and_what_came_before_is_good(name: str) -> None:
    size = PAGE_SIZES[name]
    with StandIn(library(2 * size)) as stand_in, asked(stand_in, name) as source:
        hits = source.search("bear", REUSABLE)
        before = list(islice(hits, size))
        stand_in.faults.add(Fault.broken(SEARCHES[name], status=503, times=None))
        with pytest.raises(SourceError, match=r"127\.0\.0\.1 answers 503") as raised:
            next(hits)
        assert len(before) == size
        assert raised.value.status == 503
        assert not isinstance(raised.value, UnknownSubject)


@every_source
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><h1>Welcome</h1></html>", "something else than JSON"),
        (b"", "something else than JSON"),
        (b"[1, 2]", "got a list"),
        (b"null", "got nothing"),
        (b'"maintenance"', "got a text"),
        (b"7", "got a number"),
        (b'{"status": "down", "<b>": 1}', "got an object with status"),
        (b'{"results": "none", "value": 3, "query": {"pages": {}}}', "got an object with results, value, query"),
    ],
)
def test_an_answer_that_is_none_says_what_came(name: str, body: bytes, said: str) -> None:
    with StandIn(library(3)) as stand_in, asked(stand_in, name) as source:
        stand_in.faults.add(Fault.says(SEARCHES[name], body, "application/json"))
        if name == "wikimedia" and b"status" in body:  # a search without results has no `query` either
            assert list(source.search("bear", REUSABLE)) == []
            return
        with pytest.raises(SourceError, match=said):
            list(source.search("bear", REUSABLE))


@every_source
def test_a_redirected_api_is_followed(name: str) -> None:
    with StandIn(library(3)) as elsewhere, StandIn() as stand_in, asked(stand_in, name) as source:
        elsewhere_root, path = f"{elsewhere.url}/{name}", SEARCHES[name]
        if name in _LIVING:
            stand_in.library = elsewhere.library  # names are looked up here, photos there
        if name == "bing":
            # Another host must not get the key, so it refuses.
            stand_in.faults.add(Fault.redirect(path, f"{elsewhere_root}/v7.0/images/search?q=bear"))
            with pytest.raises(SourceError, match="refuses the key"):
                list(source.search("bear", REUSABLE))
            assert elsewhere.key not in str(elsewhere.requests)
            return
        asked_path = path.removeprefix(f"/{name}")
        first = f"{elsewhere_root}{asked_path}?q=bear&action=query&generator=search&gsrsearch=bear"
        stand_in.faults.add(
            Fault.redirect(path, f"{first}&taxon_id={sum(b'bear') + 40_000}&taxonKey={sum(b'bear') + 2_000_000}")
        )
        assert len(list(source.search("bear", ALL))) == 3


_JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["javascript:alert(1)", "file:///etc/passwd", "//h", "http://", "http://[::1", "https://a@b/", "http://h:x/"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def _nodes(answer: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = answer.items() if isinstance(answer, dict) else enumerate(answer) if isinstance(answer, list) else ()
    return [path] * bool(path) + [node for key, child in children for node in _nodes(child, (*path, key))]


def _with(answer: Any, path: tuple[Any, ...], junk: Any) -> Any:
    changed = copy.deepcopy(answer)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = junk
    return changed


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    """What each source answers on its way to three photos, by path."""
    taken: dict[str, dict[str, Any]] = {}
    with StandIn(library(3)) as stand_in, hasty() as http:

        class Taking:
            def get_json(self, url: str, **more: Any) -> Any:
                answer = http.get_json(url, **more)
                path = url.partition("?")[0].removeprefix(stand_in.url)
                taken[path.split("/")[1]].setdefault(path, answer)
                return answer

        for name in SOURCES:
            taken[name] = {}
            assert len(list(source_at(stand_in, name, Taking()).search("bear", REUSABLE))) == 3
    return taken


@every_source
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(data=st.data())
def test_whatever_stands_in_a_field_hits_are_sound_or_it_is_a_source_error(
    name: str, answers: dict[str, dict[str, Any]], data: st.DataObject
) -> None:
    recorded = dict(answers[name])
    path = data.draw(st.sampled_from(sorted(recorded)))
    for _ in range(data.draw(st.integers(1, 3))):
        node = data.draw(st.sampled_from(_nodes(recorded[path])))
        recorded[path] = _with(recorded[path], node, data.draw(_JUNK))
    web = Recorded(recorded)
    source = sources.source_named(name, web, GatheringSettings.load(**_bing("k" * 20)))
    if hasattr(source, "_pause"):
        source._pause = lambda seconds: None
    try:
        hits = list(islice(source.search("bear", ALL), 200))
    except SourceError:
        return
    for hit in hits:
        assert hit.url.startswith(("http://", "https://"))
        assert hit.page.startswith(("http://", "https://"))
        assert isinstance(hit.licence, Licence)
        texts = (hit.key, hit.author, hit.title, hit.licence_url)
        assert hit.key
        assert all(text is None or (isinstance(text, str) and text.isprintable()) for text in texts)
        assert all(side is None or side > 0 for side in (hit.width, hit.height))


@every_source
@pytest.mark.parametrize(
    "address", [None, 5, "", "ftp://h/x.jpg", "javascript:alert(1)", "file:///etc/passwd", "/x.jpg"]
)
def test_one_row_without_an_address_of_the_web_costs_no_other(
    name: str, answers: dict[str, dict[str, Any]], address: object
) -> None:
    fields = {
        "openverse": ("results", 1, "url"),
        "wikimedia": ("query", "pages", 1, "imageinfo", 0, "url"),
        "inaturalist": ("results", 1, "photos", 0, "url"),
        "gbif": ("results", 1, "media", 0, "identifier"),
        "bing": ("value", 1, "contentUrl"),
    }
    path = SEARCHES[name]
    changed = _with(answers[name][path], fields[name], address)
    if name == "wikimedia":
        changed = _with(changed, ("query", "pages", 1, "imageinfo", 0, "thumburl"), address)
    web = Recorded({**answers[name], path: changed})
    source = sources.source_named(name, web, GatheringSettings.load(**_bing("k" * 20)))
    assert len(list(source.search("bear", REUSABLE))) == 2


def _bing(key: str | None) -> dict[str, Any]:
    roots = {f"{name}_url": f"http://h/{name}" for name in SOURCES if name != "bing"}
    return {**roots, "azure_search_endpoint": "https://h/bing", "azure_search_key": key and SecretStr(key)}


def test_names_of_sources_are_those_of_the_command() -> None:
    assert sources.SOURCES == SOURCES
    (option,) = [option for option in gather.params if option.name == "names"]
    assert isinstance(option.type, click.Choice)
    assert tuple(option.type.choices) == SOURCES


def test_bing_is_usual_only_with_endpoint_and_key() -> None:
    assert sources.usual_sources(GatheringSettings.load(**_bing("k" * 20))) == SOURCES
    assert sources.usual_sources(GatheringSettings.load(**_bing(None))) == SOURCES[:-1]
    keyed = GatheringSettings.load(azure_search_key=SecretStr("k" * 20), azure_search_endpoint=None)
    assert sources.usual_sources(keyed) == SOURCES[:-1]


def test_bing_without_its_settings_says_which_and_why() -> None:
    with hasty() as http:
        with pytest.raises(SettingsError, match=r"AZURE_SEARCH_KEY is not set: .*August 2025"):
            sources.source_named("bing", http, GatheringSettings.load(**_bing(None)))
        keyed = GatheringSettings.load(azure_search_key=SecretStr("secret-key-1234"), azure_search_endpoint=None)
        with pytest.raises(SettingsError, match="AZURE_SEARCH_ENDPOINT is not set") as raised:
            sources.source_named("bing", http, keyed)
        assert "secret-key" not in str(raised.value)


def test_an_unknown_name_is_a_mistake_of_the_program() -> None:
    with hasty() as http, pytest.raises(ValueError, match="expected one of openverse, "):
        sources.source_named("flickr", http, GatheringSettings.load())
