"""The chat page and the JSON endpoints behind it, for this machine's browser only.

    GET  /                       the page; its files lie under /page/
    GET  /api/events?person=ID   Server-Sent Events, all that this person sees:
                                   snapshot  overview plus "messages": {chat id: [Message, ...]}, at each connect
                                   overview  {me, bot, people, chats with command menus and topics}, when one changes
                                   message, edited, deleted   {chat_id, message}, Messages as in the Bot API
                                   action    {chat_id, action}
                                   answer    {query_id, text, show_alert, url}, to the person who pressed
    GET  /api/people             [{id, name, role}, ...]
    GET  /api/files/FILE_ID      pictures, videos and sounds are shown, everything else is a download
    POST /api/people             name, role -> {id}
    POST /api/groups             person, title, topics -> {id}; everybody is in it
    POST /api/say                person, chat, topic, text, reply_to, as_file, and files, which go together -> {}
    POST /api/press              person, chat, message_id, data -> {query_id}; the answer comes as an event

A refusal is {"error": sentence} with status 400, or 403 where `guard` takes the request for another web page's.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sandbox import groups
from bot.sandbox.errors import ApiError
from bot.sandbox.events import Event, EventKind
from bot.sandbox.files import NotAPicture
from bot.sandbox.objects import TOPIC_OPENED, Chat, User
from bot.sandbox.parameters import Parameters, read
from bot.sandbox.person import Person
from bot.sandbox.posting import say
from bot.sandbox.profile import ProfileText
from bot.sandbox.wire import Json
from bot.sandbox.world import World

FILES = Path(__file__).with_name("page")
MEDIA_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
HEARTBEAT = 15.0  # seconds; a stream whose reader is gone ends at the next one
NAME_LIMIT = 40
FIRST_TOPIC = "Bears"  # a new forum has one besides General
SHOWN = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "video/webm", "audio/ogg", "audio/mpeg"}
)

Handler = Callable[[Request], Awaitable[Response]]


class ChatPage:
    """Shows a world to people with a browser and lets them act in it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[Route]:
        return [
            Route("/", self._strict(self._static), methods=["GET"]),
            Route("/page/{name}", self._strict(self._static), methods=["GET"]),
            Route("/api/events", self._strict(self._events), methods=["GET"]),
            Route("/api/people", self._strict(self._people), methods=["GET"]),
            Route("/api/people", self._strict(self._add_person), methods=["POST"]),
            Route("/api/files/{file_id}", self._strict(self._file), methods=["GET"]),
            Route("/api/groups", self._strict(self._add_group), methods=["POST"]),
            Route("/api/say", self._strict(self._say), methods=["POST"]),
            Route("/api/press", self._strict(self._press), methods=["POST"]),
        ]

    def _strict(self, handler: Handler) -> Handler:
        async def answered(request: Request) -> Response:
            try:
                response = await handler(request)
            except (ApiError, HTTPException, NotAPicture, ValueError) as error:
                response = _refused(error)
            response.headers.update({name: value for name, value in HEADERS.items() if name not in response.headers})
            return response

        return answered

    async def _static(self, request: Request) -> Response:
        path = FILES / request.path_params.get("name", "index.html")
        if path.parent != FILES or path.suffix not in MEDIA_TYPES or not path.is_file():
            raise HTTPException(404, "no such file")
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix])

    async def _people(self, request: Request) -> Response:
        return JSONResponse(self._everybody())

    async def _add_person(self, request: Request) -> Response:
        given = await read(request)
        name = (given.text("name") or "").strip()
        if not 0 < len(name) <= NAME_LIMIT:
            raise ValueError(f"a name has 1 to {NAME_LIMIT} characters")
        user = self._world.add_named(name, role=given.text("role") or "asker")
        return JSONResponse({"id": user.id})

    async def _file(self, request: Request) -> Response:
        stored = self._world.files.get(request.path_params["file_id"])
        if stored.mime_type in SHOWN:
            return Response(
                stored.data, media_type=stored.mime_type, headers={"Cache-Control": "private, max-age=3600"}
            )
        # What people send must not run as a page of this server.
        name = quote(request.query_params.get("name", "file"))
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(stored.data, media_type="application/octet-stream", headers=headers)

    async def _say(self, request: Request) -> Response:
        given = await read(request)
        user, chat = self._who_and_where(given)
        topic = given.integer("topic") or None
        if topic is not None and topic not in self._world.topics.get(chat.id, {}):
            raise ValueError("this topic is no longer there")
        person = Person(self._world, user, chat, topic)
        text = (given.values.get("text") or "").strip() or None
        quoted = self._world.find(chat.id, given.integer("reply_to"))
        await say(person, text, list(given.uploads.values()), as_files=given.flag("as_file"), quoted=quoted)
        return JSONResponse({})

    async def _add_group(self, request: Request) -> Response:
        """Everybody is in it, so that whoever is chosen in another tab can speak there at once."""
        given = await read(request)
        owner = self._user(given.text("person"))
        title = (given.text("title") or "").strip()
        if not 0 < len(title) <= NAME_LIMIT:
            raise ValueError(f"a title has 1 to {NAME_LIMIT} characters")
        others = [user_id for user_id in self._world.people if user_id != owner.id]
        group = groups.add_group(self._world, title, [owner.id, *others], topics=given.flag("topics"))
        if group.is_forum:
            groups.open_topic(self._world, owner, group, FIRST_TOPIC)
        return JSONResponse({"id": group.id})

    async def _press(self, request: Request) -> Response:
        given = await read(request)
        user, chat = self._who_and_where(given)
        message = self._world.find(chat.id, given.integer("message_id"))
        button = message.keyboard.find(given.text("data") or "") if message and message.keyboard else None
        if message is None or button is None or button.callback_data is None:
            raise ValueError("this button is no longer there")
        return JSONResponse({"query_id": self._world.press(user, message, button.callback_data)})

    async def _events(self, request: Request) -> Response:
        user = self._user(request.query_params.get("person", ""))
        return StreamingResponse(self._stream(user), media_type="text/event-stream")

    async def _stream(self, user: User) -> AsyncIterator[str]:
        with self._world.events.listen() as events:
            yield "retry: 500\n\n"
            yield _line("snapshot", self._snapshot(user))
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT):
                        event = await events.get()
                except TimeoutError:
                    yield ": still here\n\n"
                    continue
                if event.kind is EventKind.CLOSED:
                    return
                if (told := self._told(user, event)) is not None:
                    yield told

    def _told(self, user: User, event: Event) -> str | None:
        """What an event looks like to this person; None when it is none of theirs."""
        if event.kind in (EventKind.PEOPLE, EventKind.COMMANDS):
            return _line("overview", self._overview(user))
        if event.chat_id not in [chat.id for chat in self._world.chats_of(user.id)]:
            return None
        if event.answer is not None:
            answer = event.answer
            shown = {
                "query_id": answer.query_id,
                "text": answer.text,
                "show_alert": answer.show_alert,
                "url": answer.url,
            }
            return _line(event.kind, shown) if event.user_id == user.id else None
        if event.message is not None:
            return _line(event.kind, {"chat_id": event.chat_id, "message": event.message.to_json()})
        return _line(event.kind, {"chat_id": event.chat_id, "action": event.action})

    def _overview(self, user: User) -> Json:
        world = self._world
        profile = world.profile
        return {
            "me": {"id": user.id, "name": user.first_name, "role": world.roles[user.id]},
            "bot": {
                "id": world.bot.id,
                "name": profile.text(ProfileText.NAME, user.language_code) or world.bot.first_name,
                "username": world.bot.username,
                "description": profile.text(ProfileText.DESCRIPTION, user.language_code),
            },
            "people": self._everybody(),
            "chats": [
                {
                    "id": chat.id,
                    "type": chat.type.value,
                    "title": chat.title,
                    "members": len(world.members.get(chat.id, ())) + 1,
                    "topics": self._topics(chat),
                    "commands": [command.to_json() for command in world.menu(chat, user)],
                }
                for chat in world.chats_of(user.id)
            ],
        }

    def _topics(self, chat: Chat) -> list[Json]:
        known = self._world.topics.get(chat.id, {})
        names = {
            thread_id: opened.content.others[TOPIC_OPENED]["name"] if opened else f"Topic {thread_id}"
            for thread_id, opened in known.items()
        }
        return [{"id": thread_id, "name": name} for thread_id, name in names.items()]

    def _snapshot(self, user: User) -> Json:
        chats = self._world.chats_of(user.id)
        messages = {chat.id: [message.to_json() for message in self._world.messages(chat.id)] for chat in chats}
        return {**self._overview(user), "messages": messages}

    def _everybody(self) -> list[Json]:
        return [
            {"id": user.id, "name": user.first_name, "role": self._world.roles[user.id]}
            for user in self._world.people.values()
        ]

    def _user(self, given: str | None) -> User:
        user = self._world.people.get(int(given)) if given and given.isdecimal() else None
        if user is None:
            raise ValueError("no such person")
        return user

    def _who_and_where(self, given: Parameters) -> tuple[User, Chat]:
        user = self._user(given.text("person"))
        chat_id = given.integer("chat")
        chat = next((chat for chat in self._world.chats_of(user.id) if chat.id == chat_id), None)
        if chat is None:
            raise ValueError(f"{user.first_name} is in no such chat")
        return user, chat


def _line(kind: str, data: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"


def _refused(error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return JSONResponse({"error": error.detail}, error.status_code)
    if isinstance(error, ApiError):
        return JSONResponse({"error": error.description.removeprefix("Bad Request: ")}, error.code)
    return JSONResponse({"error": str(error)}, 400)
