"""The sandbox: a local Bot API server with a chat page, on 127.0.0.1, in the running event loop."""

import asyncio
import errno
import socket
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from bot.sandbox import groups
from bot.sandbox.api import BotApi
from bot.sandbox.chaos import Chaos
from bot.sandbox.chat_page import ChatPage
from bot.sandbox.events import Event, EventKind
from bot.sandbox.faults import Faults, RequestRecord
from bot.sandbox.guard import Guard
from bot.sandbox.objects import Chat, User
from bot.sandbox.person import Person
from bot.sandbox.world import World

HOST = "127.0.0.1"
STOP_SECONDS = 2.0  # what still runs then is cut off
TOKEN = "1234567890:AAH-made-up-for-the-local-sandbox-00"  # noqa: S105 - opens nothing but this sandbox
BOT = User(1234567890, "Bearbot", "bearbot_sandbox_bot", is_bot=True)
ASKER = User(1001, "Ana", "ana")
SECOND_ASKER = User(1002, "Ben", "ben")
MODERATOR = User(2001, "Mo", "mo")


class PortTaken(OSError):
    """Another program listens on the wanted port: choose another, or 0 for a free one."""


class Sandbox:
    """The Bot API of one bot at `url` for `token`, the people it talks to, and a page where you are one of them.

        async with Sandbox() as sandbox:
            bot = telegram.Bot(sandbox.token, base_url=f"{sandbox.url}/bot", base_file_url=f"{sandbox.url}/file/bot")
            await sandbox.asker.send_text("/start")

    May be stopped and started again: chats and port stay. `faults` orders trouble, `requests` tells what was asked.
    """

    def __init__(self, *, port: int = 0, token: str = TOKEN, bot_name: str = BOT.first_name) -> None:
        self.token = token
        self._port = port
        bot_id = int(token.partition(":")[0])
        self.world = World(User(bot_id, bot_name, BOT.username, is_bot=True))
        self._api = BotApi(self.world, token)
        self._page = ChatPage(self.world)
        self._persons: dict[int, Person] = {}
        self._server: asyncio.Server | None = None
        self._state = ServerState()
        for user, role in ((ASKER, "asker"), (SECOND_ASKER, "asker"), (MODERATOR, "moderator")):
            self.world.add_person(user, role=role)

    def __repr__(self) -> str:
        return f"<Sandbox at port {self._port}>"  # without the token

    @property
    def url(self) -> str:
        """The root: the chat page, and what BOT_BASE_URL wants. Known once it started."""
        if not self._port:
            raise RuntimeError("the sandbox has not started, so its port is not known yet")
        return f"http://{HOST}:{self._port}"

    @property
    def faults(self) -> Faults:
        return self._api.faults

    def stir(self, *, seed: int, share: float, lost_answers: bool = True) -> Chaos:
        """From now on a share (0..1) of all requests meets random trouble, until `calm`."""
        chaos = Chaos(self.world.updates, seed=seed, share=share, lost_answers=lost_answers)
        self.faults.chaos = chaos
        return chaos

    def calm(self) -> None:
        """No trouble any more."""
        self.faults.clear()

    @property
    def requests(self) -> deque[RequestRecord]:
        return self._api.requests

    @property
    def asker(self) -> Person:
        return self.person(ASKER.first_name)

    @property
    def second_asker(self) -> Person:
        return self.person(SECOND_ASKER.first_name)

    @property
    def moderator(self) -> Person:
        return self.person(MODERATOR.first_name)

    def person(
        self, name: str, *, user_id: int | None = None, role: str = "asker", language: str = "en", started: bool = False
    ) -> Person:
        """The person of this name in their private chat with the bot; a new one if nobody has it.

        As in Telegram, the bot gets "chat not found" until they wrote to it, unless they `started` it before.
        """
        user = next((user for user in self.world.people.values() if user.first_name == name), None)
        if user is None:
            if user_id is None:
                user = self.world.add_named(name, role=role, language=language, started=started)
            else:
                user = User(user_id, name, language_code=language)
                self.world.add_person(user, role=role, started=started)
        if user.id not in self._persons:
            self._persons[user.id] = Person(self.world, user, self.world.chats[user.id])
        return self._persons[user.id]

    def group(self, title: str, members: Sequence[Person], *, topics: bool = False, basic: bool = False) -> Chat:
        """A supergroup (or a basic group) with the bot in it, owned by the first.

        People speak there through `person.at(group)`.
        """
        ids = [member.id for member in members]
        return groups.add_group(self.world, title, ids, topics=topics, basic=basic)

    def channel(self, title: str, owner: Person) -> Chat:
        """A channel that the bot reads; its owner posts through `owner.at(channel)`."""
        return groups.add_channel(self.world, title, owner.id)

    def migrate(self, group: Chat) -> Chat:
        """The basic group becomes this supergroup; the old id is refused from now on."""
        return groups.migrate(self.world, group)

    async def start(self) -> None:
        """Listen; raises `PortTaken`."""
        if self._server is not None:
            raise RuntimeError("the sandbox runs already")
        listening = _listen(self._port)
        self._port = listening.getsockname()[1]
        self._api.closing.clear()
        self.world.updates.open()
        app = Starlette(
            routes=[
                *self._page.routes(),
                Route("/file/{path:path}", self._api.download, methods=["GET"]),
                Route("/{path:path}", self._api.call, methods=["GET", "POST"]),
            ]
        )
        # Only uvicorn's HTTP protocol: its server would take over the signals of the program it is part of.
        config = uvicorn.Config(
            Guard(app, self._port),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
        )
        config.load()
        state = ServerState()
        self._state = state
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(config, state, {}), sock=listening
        )
        self.world.webhook.start()

    async def stop(self) -> None:
        """Stop listening and let long polls and event streams end. Does nothing when it does not run."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        await self.world.webhook.stop()
        self._api.closing.set()
        self.world.updates.close()
        self.world.events.publish(Event(EventKind.CLOSED))
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            _, late = await asyncio.wait(set(self._state.tasks), timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
        await asyncio.sleep(0)  # the loop closes the connections

    async def __aenter__(self) -> "Sandbox":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class Connection(H11Protocol):
    """uvicorn's connection, known to the application as `request.state.connection`, so that it can be dropped."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "connection": self}, _loop)


def _listen(port: int) -> socket.socket:
    # Only where the protocol is named does asyncio send small answers at once; else each waits 40 ms for company.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # here already: two programs may bind a port, but only one gets to listen
    except OSError as error:
        listening.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortTaken(
                error.errno, f"port {port} on {HOST} cannot be had; choose another, or 0 for a free one"
            ) from error
        raise
    return listening
