"""The chat page in a real browser, with a small bot behind it."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Any

import pytest
import telegram
from playwright.sync_api import Browser, FilePayload, Page, expect
from telegram.ext import ApplicationBuilder, CallbackQueryHandler, MessageHandler, filters

from bot.sandbox.files import Clip
from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.browser

BUTTONS = telegram.InlineKeyboardMarkup([[telegram.InlineKeyboardButton("Right", callback_data="right")]])


class EchoBot:
    """Sandbox and bot in a thread with an event loop of its own: the browser's test is not asynchronous."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.sandbox = Sandbox()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._builder = ApplicationBuilder().token(self.sandbox.token)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def __enter__(self) -> "EchoBot":
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _start(self) -> None:
        await self.sandbox.start()
        url = self.sandbox.url
        self._application = self._builder.base_url(f"{url}/bot").base_file_url(f"{url}/file/bot").build()
        self._application.add_handler(MessageHandler(filters.PHOTO | filters.Document.ALL, self._photo))
        self._application.add_handler(MessageHandler(filters.TEXT, self._text))
        self._application.add_handler(CallbackQueryHandler(self._press))
        await self._application.initialize()
        await self._application.bot.set_my_commands([("help", "what I can do")])
        await self._application.start()
        assert self._application.updater is not None
        await self._application.updater.start_polling()

    async def _stop(self) -> None:
        assert self._application.updater is not None
        await self._application.updater.stop()
        await self._application.stop()
        await self._application.shutdown()
        await self.sandbox.stop()

    async def _photo(self, update: telegram.Update, _: object) -> None:
        assert update.message is not None
        kind = "photo" if update.message.photo else "file"
        await update.message.reply_html(f"<b>A nice {kind}</b>", do_quote=True, reply_markup=BUTTONS)

    async def _text(self, update: telegram.Update, _: object) -> None:
        assert update.message is not None
        await update.message.reply_chat_action("typing")
        await update.message.reply_text(f"You said {update.message.text}")

    async def _press(self, update: telegram.Update, _: object) -> None:
        assert update.callback_query is not None
        await update.callback_query.answer("Thank you!")
        await update.callback_query.edit_message_text("Confirmed by you")


@pytest.fixture(scope="module")
def echo() -> Iterator[EchoBot]:
    with EchoBot() as running:
        yield running


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab; any error on it fails the test."""
    context = browser.new_context()
    tab = context.new_page()
    tab.set_default_timeout(10_000)
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield tab
    context.close()
    assert errors == []


def drop(page: Page, data: bytes, zone: str) -> None:
    """Let go of a picture over a part of the page."""
    transfer = page.evaluate_handle(
        """(bytes) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], "bear.jpg", {type: "image/jpeg"}));
            return transfer;
        }""",
        list(data),
    )
    page.dispatch_event("main", "dragenter", {"dataTransfer": transfer})
    page.dispatch_event(f".zone[data-as={zone}]", "drop", {"dataTransfer": transfer})


def test_an_asker_drops_a_photo_and_talks_about_it(echo: EchoBot, page: Page, picture: Callable[..., bytes]) -> None:
    page.goto(f"{echo.sandbox.url}/#1001")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("You said /start")).to_be_visible()
    drop(page, picture((800, 600)), "photo")
    page.get_by_role("textbox", name="Message").fill("Which one?")
    page.keyboard.press("Enter")
    reply = page.get_by_role("article").filter(has_text="A nice photo")
    expect(reply.locator(".words strong")).to_have_text("A nice photo")
    expect(reply.locator(".quote")).to_contain_text("Which one?")
    expect(page.locator(".mine .photo img")).to_have_js_property("complete", True)
    assert page.locator(".mine .photo img").evaluate("image => image.naturalWidth") == 800
    reply.locator(".quote").click()
    expect(page.get_by_role("article").filter(has=page.locator(".photo"))).to_be_focused()
    reply.get_by_role("button", name="Right").click()
    expect(page.locator("#toast")).to_have_text("Thank you!")
    expect(page.get_by_text("Confirmed by you")).to_be_visible()
    expect(page.get_by_role("button", name="Right")).to_have_count(0)
    drop(page, picture((800, 600)), "file")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("A nice file")).to_be_visible()


def test_two_people_in_two_tabs_and_one_added(echo: EchoBot, page: Page) -> None:
    page.goto(f"{echo.sandbox.url}/#1002")
    other = page.context.new_page()
    other.goto(f"{echo.sandbox.url}/#2001")
    expect(page.locator("#me")).to_contain_text("Ben")
    expect(other.locator("#me")).to_contain_text("Mo")
    other.get_by_role("textbox", name="Message").fill("/he")
    other.get_by_role("option").filter(has_text="what I can do").wait_for()
    other.keyboard.press("Enter")
    expect(other.get_by_text("You said /help")).to_be_visible()
    expect(page.get_by_role("article")).to_have_count(0)
    other.get_by_role("button", name="Add a person").click()
    other.get_by_label("Name").fill("Zoë")
    other.keyboard.press("Enter")
    expect(other.locator("#me")).to_contain_text("Zoë")
    expect(page.get_by_role("link", name="Zoë")).to_be_visible()
    page.get_by_role("link", name="Mo").click()
    expect(page.get_by_text("You said /help")).to_be_visible()


def test_what_people_write_stays_text(echo: EchoBot, page: Page) -> None:
    page.goto(f"{echo.sandbox.url}/#1002")
    hostile = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    page.get_by_role("textbox", name="Message").fill(hostile)
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"You said {hostile}")).to_be_visible()
    assert "owned" not in page.title()
    assert page.locator(".words img, .words script").count() == 0


def test_every_kind_of_message_is_drawn(echo: EchoBot, page: Page, picture: Callable[..., bytes]) -> None:
    zoe = echo.sandbox.person("Kim")
    film = Clip(b"no film", "bear.mp4", seconds=65, poster=picture())
    sent = echo.run(zoe.send_photo(picture(), "first"))
    for saying in (
        zoe.send_album([picture(colour="tan"), film, picture(colour="red")], "three"),
        zoe.send_documents([(picture(), "bear.jpg"), (b"text", "notes.txt")]),
        zoe.send_sticker(picture(kind="PNG")),
        zoe.send_sticker(b"\x1f\x8b"),
        zoe.send_animation(Clip(b"GIF89a", "bear.gif"), "moving"),
        zoe.send_voice(b"OggS", 7),
        zoe.send_other("location", {"latitude": 1.0, "longitude": 2.0}),
        zoe.send_text("an answer", reply_to=sent),
        echo.sandbox.asker.forward(sent),
    ):
        echo.run(saying)
    page.goto(f"{echo.sandbox.url}/#{zoe.id}")
    article = page.get_by_role("article")
    expect(article.filter(has_text="three").locator(".photo, .video")).to_have_count(3)
    expect(article.filter(has_text="three").locator(".badge")).to_have_text("1:05")
    files = article.filter(has_text="notes.txt").locator("a.file")
    expect(files).to_have_count(2)
    assert files.last.get_attribute("download") == "notes.txt"
    expect(page.get_by_role("img", name="Sticker 🐻", exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="Animated sticker 🐻")).to_be_visible()
    expect(article.filter(has_text="moving").locator(".badge")).to_have_text("GIF")
    expect(page.locator(".voice")).to_contain_text("0:07")
    expect(page.get_by_text("A message that this page cannot show")).to_be_visible()
    expect(article.filter(has_text="an answer").locator(".quote")).to_contain_text("Photo, first")
    expect(article.last).to_be_in_viewport()  # though the pictures above it came later
    page.goto(f"{echo.sandbox.url}/#1001")
    expect(page.get_by_text("Forwarded from Kim")).to_be_visible()


def test_an_album_a_file_and_a_reply_are_sent_from_the_page(
    echo: EchoBot, page: Page, picture: Callable[..., bytes]
) -> None:
    lee = echo.sandbox.person("Lee")
    page.goto(f"{echo.sandbox.url}/#{lee.id}")
    two: Sequence[FilePayload] = [
        {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": picture(colour=colour)}
        for colour in ("tan", "red")
    ]
    page.locator("#picker").set_input_files(two)
    page.get_by_role("textbox", name="Message").fill("both")
    page.keyboard.press("Enter")
    album = page.get_by_role("article").filter(has_text="both")
    expect(album.locator(".photo")).to_have_count(2)
    expect(page.get_by_text("A nice photo")).to_have_count(2)
    page.locator("#picker").set_input_files({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"text"})
    expect(page.get_by_label("Send as file")).to_be_checked()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("A nice file")).to_be_visible()
    album.first.hover()
    album.first.get_by_role("button", name="Reply to this message").click()
    page.get_by_role("textbox", name="Message").fill("which is it?")
    page.keyboard.press("Enter")
    mine = page.locator("article.mine").filter(has_text="which is it?")
    expect(mine.locator(".quote")).to_contain_text("Photo, both")
    said = echo.sandbox.world.messages(lee.id)
    assert [message.reply_to.caption for message in said if message.text == "which is it?" and message.reply_to] == [
        "both"
    ]


def test_a_group_with_topics_is_made_and_spoken_in(echo: EchoBot, page: Page) -> None:
    page.goto(f"{echo.sandbox.url}/#1001")
    page.get_by_role("button", name="New group with everybody").click()
    page.get_by_label("Title").fill("Watchers")
    page.get_by_label("with topics").check()
    page.keyboard.press("Enter")
    expect(page.locator("#chat-title")).to_have_text("Watchers")
    expect(page.get_by_text("Ana opened the topic “Bears”")).to_be_visible()
    page.get_by_role("link", name="# Bears").click()
    expect(page.locator("#chat-title")).to_have_text("Watchers # Bears")
    page.get_by_role("textbox", name="Message").fill("in the topic")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You said in the topic")).to_be_visible()
    page.get_by_role("link", name="Watchers").click()
    expect(page.locator("article.mine .topic")).to_have_text("# Bears")
    page.get_by_role("textbox", name="Message").fill("in General")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You said in General")).to_be_visible()
    page.get_by_role("link", name="# Bears").click()
    expect(page.get_by_text("in General")).to_have_count(0)


def test_the_page_comes_back_with_the_sandbox(echo: EchoBot, browser: Browser) -> None:
    page = browser.new_page()  # the browser reports the lost connection as an error, which is right
    page.goto(f"{echo.sandbox.url}/#1001")
    expect(page.locator("#status")).to_have_text("bot")
    echo.run(echo.sandbox.stop())
    expect(page.locator("#status")).to_have_text("reconnecting…")
    page.get_by_role("textbox", name="Message").fill("Are you there?")
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_be_visible()
    echo.run(echo.sandbox.start())
    expect(page.locator("#status")).to_have_text("bot", timeout=10_000)
    page.get_by_role("textbox", name="Message").press("Enter")  # what was written is still there
    expect(page.get_by_text("You said Are you there?")).to_be_visible(timeout=10_000)
    page.close()
