"""What is kept of what sources offer, what is dropped and why, and that nothing is fetched for nothing."""

import signal
import threading
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from model.cleaning import Action, CleaningManifest
from model.errors import SourceError, UnknownSubject
from model.gathering.drops import DownloadRefused, DropReason
from model.gathering.folder import GatheredFolder
from model.gathering.gatherer import Gatherer, Wish
from model.gathering.held_out import HeldOut
from model.gathering.ledger import Ledger, Outcome, Row
from model.gathering.licences import REUSABLE, Licence
from model.gathering.report import Report
from model.gathering.source import Hit
from tests.model.gathering.fakes import FakeSource, FakeWeb, hit
from tests.model.gathering.pictures import saved, scene


def gathered(
    folder: Path,
    sources: Sequence[FakeSource],
    web: FakeWeb,
    *,
    query: str = "bear",
    label: str = "grizzly",
    count: int = 100,
    licences: Collection[Licence] = REUSABLE,
    min_side: int = 100,
    held_out: HeldOut | None = None,
    retry_dropped: bool = False,
    downloads: int = 4,
) -> tuple[list[Row], Report]:
    wish, report = Wish(query, label, count, licences, min_side), Report()
    with GatheredFolder(folder) as opened:
        gatherer = Gatherer(opened, web, held_out or HeldOut(), downloads=downloads, retry_dropped=retry_dropped)
        report.already = gatherer.already(wish)
        with closing(gatherer.gather(wish, sources, report)) as rows:
            return list(rows), report


def offered(
    *contents: bytes | Exception | None, source: str = "fake"
) -> tuple[list[Hit], dict[str, bytes | Exception]]:
    """A hit for each of the contents; None: a dead link."""
    hits = [hit(str(number), source) for number in range(len(contents))]
    return hits, {one.url: content for one, content in zip(hits, contents, strict=True) if content is not None}


def photos(*seeds: int, source: str = "fake") -> tuple[list[Hit], dict[str, bytes | Exception]]:
    return offered(*(saved(scene(seed)) for seed in seeds), source=source)


def reasons(rows: Sequence[Row]) -> Mapping[DropReason, int]:
    return Counter(row.reason for row in rows if row.reason is not None)


def files(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.glob("*/*") if not path.parent.name.startswith(".")
    )


def test_as_many_as_were_asked_for_are_kept_as_they_came(tmp_path: Path) -> None:
    hits, web = photos(*range(20))
    rows, report = gathered(tmp_path, [FakeSource(hits)], FakeWeb(web), count=7)
    assert len(files(tmp_path)) == report.kept == 7
    assert all(row.outcome is Outcome.KEPT for row in rows)
    for row in rows:
        assert row.file is not None
        assert (tmp_path / row.file).read_bytes() == web[row.hit.url]


def test_no_more_is_fetched_than_is_wanted(tmp_path: Path) -> None:
    hits, contents = photos(*range(20))
    web = FakeWeb(contents)
    gathered(tmp_path, [FakeSource(hits)], web, count=7)
    assert len(web.asked) == 7
    assert web.most_at_once <= 4


def test_files_are_named_by_what_they_are(tmp_path: Path) -> None:
    kinds = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
    hits, web = offered(*(saved(scene(seed), kind) for seed, kind in enumerate(kinds)))
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(web))
    suffixes = {Path(file).suffix for file in files(tmp_path)}
    assert suffixes == {".jpg", ".png", ".webp", ".gif", ".bmp", ".tif", ".avif"}
    assert all(Path(file).name.startswith("fake-") for file in files(tmp_path))


def test_no_name_that_a_source_gives_a_picture_leads_anywhere(tmp_path: Path) -> None:
    keys = ("../../outside", "/etc/passwd", "\x00", "\ud800", "a" * 5000, ".", "con\n")
    hits = [hit(key) for key in keys]
    web = {one.url: saved(scene(number)) for number, one in enumerate(hits)}
    gathered(tmp_path / "photos", [FakeSource(hits)], FakeWeb(web))
    assert len(files(tmp_path / "photos")) == len(keys)
    assert [path.name for path in tmp_path.iterdir()] == ["photos"]
    _, report = gathered(tmp_path / "photos", [FakeSource(hits)], FakeWeb(web), count=len(keys))
    assert (report.already, report.kept) == (len(keys), 0)


def test_what_is_no_use_is_dropped_with_its_reason(tmp_path: Path) -> None:
    good = saved(scene(1))
    hits, web = offered(
        good,
        None,
        b"<html>not found</html>",
        b"",
        good[:2000],
        saved(scene(2, (300, 99))),
        DownloadRefused(DropReason.ADDRESS, "it leads home"),
        good,
        saved(scene(1, (160, 120))),
    )
    hits.append(hit("nc", licence=Licence.BY_NC))
    hits.append(hit("small", width=4000, height=50))
    fetched = FakeWeb(web)
    rows, report = gathered(tmp_path, [FakeSource(hits)], fetched, downloads=1)
    assert reasons(rows) == {
        DropReason.DEAD_LINK: 1,
        DropReason.NOT_A_PICTURE: 2,
        DropReason.DAMAGED: 1,
        DropReason.TOO_SMALL: 2,
        DropReason.ADDRESS: 1,
        DropReason.DUPLICATE: 1,
        DropReason.NEAR_DUPLICATE: 1,
        DropReason.LICENCE: 1,
    }
    assert all(row.message for row in rows if row.reason)
    assert report.kept == 1
    assert report.dropped_for == reasons(rows)
    assert not {hit("nc").url, hit("small").url} & set(fetched.asked)
    for reason in report.dropped_for:
        assert reason.value.replace("_", " ") in report.table()


def test_the_same_picture_under_two_labels_is_told(tmp_path: Path) -> None:
    hits, web = photos(1, 2)
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(web), label="grizzly")
    others = [hit("again", "other"), hit("smaller", "other"), hits[1], hit("new", "other")]
    contents = {
        others[0].url: web[hits[0].url],
        others[1].url: saved(scene(2, (200, 150)), quality=50),
        others[3].url: saved(scene(3)),
    }
    fetched = FakeWeb(contents)
    rows, _ = gathered(tmp_path, [FakeSource(others)], fetched, label="black")
    told = {row.hit.key: (row.reason, row.message) for row in rows}
    for key, reason in (
        ("again", DropReason.DUPLICATE),
        ("smaller", DropReason.NEAR_DUPLICATE),
        ("1", DropReason.DUPLICATE),
    ):
        assert told[key][0] is reason
        assert "which is filed under grizzly" in str(told[key][1])
    assert told["new"][0] is None
    assert hits[1].url not in fetched.asked


def test_a_persons_own_picture_is_not_gathered_again(tmp_path: Path) -> None:
    (tmp_path / "grizzly").mkdir()
    (tmp_path / "grizzly" / "mine.png").write_bytes(saved(scene(1), "PNG"))
    hits, web = photos(1, 2)
    rows, _ = gathered(tmp_path, [FakeSource(hits)], FakeWeb(web))
    assert reasons(rows) == {DropReason.NEAR_DUPLICATE: 1}
    assert "mine.png" in str(next(row.message for row in rows if row.reason))


def test_pictures_of_a_test_folder_are_left_out(tmp_path: Path) -> None:
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "one.png").write_bytes(saved(scene(1), "PNG"))
    held_out = HeldOut()
    assert held_out.add_folder(tests) == (1, 1)
    hits, web = photos(1, 2)
    rows, _ = gathered(tmp_path / "photos", [FakeSource(hits)], FakeWeb(web), held_out=held_out)
    assert reasons(rows) == {DropReason.TEST_SET: 1}
    assert "one.png" in str(next(row.message for row in rows if row.reason))


def test_the_licence_is_looked_at_whatever_the_source_did(tmp_path: Path) -> None:
    hits = [hit(licence.value, licence=licence) for licence in Licence]
    web = {one.url: saved(scene(number)) for number, one in enumerate(hits)}
    rows, _ = gathered(tmp_path, [FakeSource(hits)], FakeWeb(web), licences={Licence.BY_NC, Licence.UNKNOWN})
    assert {row.hit.licence for row in rows if not row.reason} == {Licence.BY_NC, Licence.UNKNOWN}
    # When more is allowed later, they are looked at again, and the others are not fetched twice.
    again = FakeWeb(web)
    rows, _ = gathered(tmp_path, [FakeSource(hits)], again, licences=frozenset(Licence))
    assert len(rows) == len(again.asked) == len(Licence) - 2
    assert all(row.outcome is Outcome.KEPT for row in rows)


def test_what_was_too_small_is_looked_at_again_when_less_is_asked_for(tmp_path: Path) -> None:
    hits, contents = offered(saved(scene(1).resize((90, 60))), saved(scene(2).resize((150, 110))))
    rows, _ = gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents), min_side=200)
    assert reasons(rows) == {DropReason.TOO_SMALL: 2}
    web = FakeWeb(contents)
    rows, _ = gathered(tmp_path, [FakeSource(hits)], web, min_side=100)
    assert web.asked == [hits[1].url]
    assert [row.outcome for row in rows] == [Outcome.KEPT]


def test_only_pictures_under_the_licences_asked_for_count(tmp_path: Path) -> None:
    hits = [hit(str(n), licence=Licence.BY_NC if n < 3 else Licence.BY) for n in range(6)]
    web = {one.url: saved(scene(n)) for n, one in enumerate(hits)}
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(web), licences=frozenset(Licence), count=3)
    rows, report = gathered(tmp_path, [FakeSource(hits)], FakeWeb(web), count=3)
    assert (report.already, report.kept) == (0, 3)
    assert {row.hit.licence for row in rows} == {Licence.BY}


def test_the_same_command_goes_on_where_it_ended(tmp_path: Path) -> None:
    hits, contents = photos(*range(12))
    contents[hits[3].url] = b"no picture"
    rows, _ = gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents), count=5)
    handled = {row.hit.url for row in rows}
    web = FakeWeb(contents)
    rows, report = gathered(tmp_path, [FakeSource(hits)], web, count=9)
    assert (report.already, report.kept) == (5, 4)
    assert len(files(tmp_path)) == 9
    assert not handled & set(web.asked)
    assert report.known["fake"] == len(handled)
    web = FakeWeb(contents)
    source = FakeSource(hits)
    rows, report = gathered(tmp_path, [source], web, count=9)
    assert (rows, web.asked, source.given, report.already) == ([], [], 0, 9)


def test_each_search_has_a_count_of_its_own(tmp_path: Path) -> None:
    hits, contents = photos(*range(8))
    gathered(tmp_path, [FakeSource(hits[:4])], FakeWeb(contents), query="Grizzly  bear", count=4)
    _, report = gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents), query="kodiak", count=4)
    assert (report.already, report.kept, len(files(tmp_path))) == (0, 4, 8)
    _, report = gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents), query="grizzly bear", count=4)
    assert (report.already, report.kept) == (4, 0)


def test_what_may_pass_is_tried_again_and_all_else_only_on_request(tmp_path: Path) -> None:
    hits, contents = offered(
        DownloadRefused(DropReason.NETWORK, "nobody answers"),
        DownloadRefused(DropReason.TOO_SLOW, "too slow"),
        DownloadRefused(DropReason.DEAD_LINK, "gone"),
    )
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents))
    web = FakeWeb({one.url: saved(scene(number)) for number, one in enumerate(hits)})
    rows, _ = gathered(tmp_path, [FakeSource(hits)], web)
    assert sorted(web.asked) == sorted(one.url for one in hits[:2])
    assert len(files(tmp_path)) == 2
    rows, _ = gathered(tmp_path, [FakeSource(hits)], web, retry_dropped=True)
    assert [row.hit.key for row in rows] == ["2"]
    assert len(files(tmp_path)) == 3


def test_what_a_person_took_away_does_not_count_and_does_not_come_back(tmp_path: Path) -> None:
    hits, contents = photos(*range(10))
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents), count=4)
    gone, removed, relabelled, kept = (tmp_path / file for file in files(tmp_path))
    manifest = CleaningManifest(tmp_path)
    manifest.record([manifest.decision(removed, Action.REMOVE)], by="mo")
    manifest.record([manifest.decision(relabelled, Action.RELABEL, "black")], by="mo")
    manifest.record([manifest.decision(kept, Action.KEEP)], by="mo")
    gone.unlink()
    web = FakeWeb(contents)
    _, report = gathered(tmp_path, [FakeSource(hits)], web, count=4)
    assert (report.already, report.kept) == (1, 3)
    assert not gone.exists()
    assert len(files(tmp_path)) == 6


def test_what_a_person_took_away_comes_back_from_no_other_source_but_may_go_under_another_label(tmp_path: Path) -> None:
    hits, contents = photos(1, 2)
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents))
    for file in files(tmp_path):
        (tmp_path / file).unlink()
    same_bytes = hit("a", "other")
    same_address = Hit("other", "b", hits[1].url, "https://example.org/b", Licence.BY)
    web = FakeWeb({**contents, same_bytes.url: contents[hits[0].url]})
    rows, _ = gathered(tmp_path, [FakeSource([same_bytes, same_address], name="other")], web)
    assert reasons(rows) == {DropReason.DUPLICATE: 2}
    assert all("which somebody took away" in str(row.message) for row in rows)
    assert web.asked == [same_bytes.url]
    rows, _ = gathered(tmp_path, [FakeSource(hits)], web, label="black")
    assert [row.outcome for row in rows] == [Outcome.KEPT] * 2


def test_what_a_person_changed_is_not_written_over(tmp_path: Path) -> None:
    hits, contents = photos(1)
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents))
    (changed,) = (tmp_path / file for file in files(tmp_path))
    changed.write_bytes(saved(scene(9)))
    (tmp_path / "gathered.jsonl").unlink()
    rows, _ = gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents))
    assert reasons(rows) == {DropReason.DUPLICATE: 1}
    assert changed.read_bytes() == saved(scene(9))


def test_a_lost_row_is_written_again(tmp_path: Path) -> None:
    hits, contents = photos(1, 2)
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents))
    before = files(tmp_path)
    (tmp_path / "gathered.jsonl").unlink()
    rows, report = gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents))
    assert [row.outcome for row in rows] == [Outcome.KEPT] * 2
    assert files(tmp_path) == before
    _, report = gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents), count=2)
    assert report.already == 2


def test_a_source_that_fails_stops_no_other_and_is_named(tmp_path: Path) -> None:
    hits, contents = photos(1, 2, source="one")
    failing = FakeSource(hits, name="one", error=SourceError("it refuses"))
    knowing_none = FakeSource([], name="two", error=UnknownSubject("knows none"))
    more, others = photos(3, 4, source="three")
    _, report = gathered(tmp_path, [failing, knowing_none, FakeSource(more, name="three")], FakeWeb(contents | others))
    assert report.kept == 4
    assert {name: str(error) for name, error in report.failures.items()} == {"one": "it refuses"}
    assert list(report.strangers) == ["two"]


def test_one_picture_that_two_sources_have_at_one_address_is_fetched_once(tmp_path: Path) -> None:
    hits, contents = photos(1)
    gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents), count=1)
    web = FakeWeb(contents)
    same = Hit("other", "x", hits[0].url, "https://example.org/x", Licence.BY)
    rows, _ = gathered(tmp_path, [FakeSource([same], name="other")], web)
    assert reasons(rows) == {DropReason.DUPLICATE: 1}
    assert web.asked == []


def test_a_bug_while_fetching_is_not_lost(tmp_path: Path) -> None:
    hits, contents = offered(ZeroDivisionError("a bug"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        gathered(tmp_path, [FakeSource(hits)], FakeWeb(contents))


def test_ctrl_c_while_one_is_kept_leaves_it_whole_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append = Ledger.append

    def interrupted(ledger: Ledger, row: Row) -> None:
        signal.raise_signal(signal.SIGINT)
        append(ledger, row)

    monkeypatch.setattr(Ledger, "append", interrupted)
    hits, contents = photos(1, 2)
    report = Report()
    with GatheredFolder(tmp_path) as opened:
        gatherer = Gatherer(opened, FakeWeb(contents), HeldOut(), downloads=1)
        with pytest.raises(KeyboardInterrupt):
            list(gatherer.gather(Wish("bear", "grizzly", 2, REUSABLE), [FakeSource(hits)], report))
        assert [row.file for row in opened.ledger.kept()] == files(tmp_path)
    assert len(files(tmp_path)) == report.kept == 1


def test_whoever_stops_early_leaves_the_folder_in_order_and_no_thread_behind(tmp_path: Path) -> None:
    hits, contents = photos(*range(30))
    before = set(threading.enumerate())
    with GatheredFolder(tmp_path) as opened:
        gatherer = Gatherer(opened, FakeWeb(contents), HeldOut(), downloads=4)
        rows = gatherer.gather(Wish("bear", "grizzly", 30, REUSABLE), [FakeSource(hits)], Report())
        with closing(rows):
            taken = [next(rows) for _ in range(3)]
    assert files(tmp_path) == sorted(str(row.file) for row in taken)
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()
