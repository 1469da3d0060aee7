"""The world of one bot: people, their chats and every message, changed from both sides of the conversation."""

import itertools
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.sandbox.errors import BadRequest, Forbidden, Migrated
from bot.sandbox.events import CallbackAnswer, Event, EventKind, Events
from bot.sandbox.files import FileStore
from bot.sandbox.objects import (
    CHANNEL_BOT,
    GROUP_ANONYMOUS_BOT,
    TOPIC_OPENED,
    Chat,
    ChatType,
    Command,
    Content,
    InlineKeyboard,
    Message,
    User,
)
from bot.sandbox.profile import Profile
from bot.sandbox.updates import UpdateQueue
from bot.sandbox.webhook import WebhookDelivery
from bot.sandbox.wire import Json

QUERY_SECONDS = 60.0  # a pressed button waits this long for its answer
FIRST_NEW_ID = 3001  # of people who bring no id of their own


@dataclass(frozen=True)
class _Query:
    user_id: int
    chat_id: int
    asked_at: float  # seconds, monotonic


class World:
    """People act with `say`, `edit`, `press`, `block`; the bot with `post`, `change`, `delete`, `act`, `answer`.

    What happens to groups and channels is in `groups`.
    """

    def __init__(self, bot: User) -> None:
        self.bot = bot
        self.profile = Profile(bot.first_name)
        self.updates = UpdateQueue()
        self.webhook = WebhookDelivery(self.updates)
        self.files = FileStore()
        self.events = Events()
        self.people: dict[int, User] = {}
        self.roles: dict[int, str] = {}  # what the chat page calls a person; the bot never sees it
        self.chats: dict[int, Chat] = {}
        self.members: dict[int, list[int]] = {}  # of groups and channels, the owner first
        self.topics: dict[int, dict[int, Message | None]] = {}  # of forums: the message that opened each, if known
        self.away: set[int] = set()  # groups in which the bot is not
        self.moved: dict[int, int] = {}  # groups that became supergroups, and these
        self.query_seconds = QUERY_SECONDS
        self._started: set[int] = set()
        self._blocked: set[int] = set()
        self._messages: dict[int, dict[int, Message]] = {}
        self._said: dict[int, list[Message]] = {}
        self._queries: dict[str, _Query] = {}
        # Telegram counts a bot's messages with people and in basic groups together, those of each supergroup apart.
        # From the clock, so that a bot that remembers yesterday's messages does not take today's for repeated ones.
        self._ids = itertools.count(int(time.time()))
        self._ids_of_chats: dict[int, Iterator[int]] = {}

    # The people and their chats.

    def add_person(self, user: User, *, role: str = "", started: bool = False) -> None:
        """A person with a private chat; the bot cannot write to it before the person did, or `started`."""
        if user.id <= 0 or user.id == self.bot.id or user.id in self.people:
            raise ValueError(f"user id {user.id} is taken or not positive")
        self.people[user.id] = user
        self.roles[user.id] = role
        self.chats[user.id] = Chat(user.id, ChatType.PRIVATE, first_name=user.first_name, username=user.username)
        if started:
            self._started.add(user.id)
        self.events.publish(Event(EventKind.PEOPLE))

    def add_named(self, name: str, *, role: str, language: str = "en", started: bool = False) -> User:
        """Somebody new, with an id of their own."""
        user = User(max(FIRST_NEW_ID - 1, *self.people) + 1, name, language_code=language)
        self.add_person(user, role=role, started=started)
        return user

    def add_chat(self, chat: Chat, member_ids: list[int]) -> None:
        """A group or channel with the bot in it."""
        for user_id in member_ids:
            if user_id not in self.people:
                raise ValueError(f"no person has the id {user_id}")
        self.chats[chat.id] = chat
        self.members[chat.id] = list(member_ids)
        if chat.type is not ChatType.GROUP:
            self._ids_of_chats[chat.id] = itertools.count(1)
        self._started.add(chat.id)
        self.events.publish(Event(EventKind.PEOPLE))

    def menu(self, chat: Chat, user: User) -> tuple[Command, ...]:
        """The commands that a person is offered in a chat."""
        owner = self.members.get(chat.id, [0])[0]
        return self.profile.menu(chat, user.id, user.language_code, is_owner=owner == user.id)

    def chats_of(self, user_id: int) -> list[Chat]:
        """The private chat with the bot, then the groups."""
        return [self.chats[user_id], *(self.chats[chat] for chat, who in self.members.items() if user_id in who)]

    def has_started(self, chat_id: int) -> bool:
        return chat_id in self._started

    def is_blocked(self, user_id: int) -> bool:
        return user_id in self._blocked

    def reach(self, chat_id: int) -> Chat:
        """The chat, if the bot may write to it."""
        if chat_id in self.moved:
            raise Migrated(self.moved[chat_id])
        if chat_id not in self._started:
            raise BadRequest("chat not found")  # also for a person who never wrote: the bot does not know them
        if chat_id in self._blocked:
            raise Forbidden("bot was blocked by the user")
        if chat_id in self.away:
            raise Forbidden(f"bot is not a member of the {self.chats[chat_id].type} chat")
        return self.chats[chat_id]

    # The messages.

    def messages(self, chat_id: int) -> tuple[Message, ...]:
        """Everything in a chat as it stands now, oldest first."""
        return tuple(self._messages.get(chat_id, {}).values())

    def said(self, chat_id: int) -> list[Message]:
        """Every message and edit of the bot in a chat, as it was then, in order."""
        return self._said.setdefault(chat_id, [])

    def find(self, chat_id: int, message_id: int) -> Message | None:
        return self._messages.get(chat_id, {}).get(message_id)

    def say(
        self,
        user: User,
        chat_id: int,
        content: Content,
        *,
        reply_to: Message | None = None,
        media_group_id: str | None = None,
        thread_id: int | None = None,
        behind: Chat | None = None,
    ) -> Message:
        """A person sends a message, which the bot gets as an update; `behind`: in the name of this chat."""
        self._must_be_in(user, chat_id)
        self._started.add(chat_id)
        if chat_id in self._blocked:
            self.unblock(user)
        chat = self.chats[chat_id]
        if chat.type is ChatType.CHANNEL:
            behind = chat
        elif behind is not None:
            user = GROUP_ANONYMOUS_BOT if behind.id == chat_id else CHANNEL_BOT
        message = self._add(user, chat, content, reply_to, None, media_group_id, thread_id, behind)
        self.tell(chat, "channel_post" if chat.type is ChatType.CHANNEL else "message", message.to_json())
        return message

    def edit(self, user: User, message: Message, content: Content) -> Message:
        """A person edits a message of theirs, which the bot gets as an update."""
        if message.sender.id != user.id:
            raise ValueError("people edit only what they wrote themselves")
        changed = self._replace(message, content, message.keyboard)
        kind = "edited_channel_post" if message.chat.type is ChatType.CHANNEL else "edited_message"
        self.tell(message.chat, kind, changed.to_json())
        return changed

    def press(self, user: User, message: Message, data: str) -> str:
        """A person presses a button; returns the id of the query that the bot is to answer."""
        self._must_be_in(user, message.chat.id)
        query_id = str(secrets.randbits(62))
        self._queries[query_id] = _Query(user.id, message.chat.id, time.monotonic())
        query: Json = {
            "id": query_id,
            "from": user.to_json(),
            "message": message.to_json(),
            "chat_instance": str(abs(message.chat.id) + 7_000_000_000_000),
            "data": data,
        }
        self.tell(message.chat, "callback_query", query)
        return query_id

    def tell(self, chat: Chat, kind: str, payload: Json) -> None:
        """An update of a chat, for the bot if it is there."""
        if chat.id not in self.away:
            self.updates.push(kind, payload)

    def block(self, user: User) -> None:
        self._blocked.add(user.id)
        self.standing(user, self.chats[user.id], "member", "kicked")

    def unblock(self, user: User) -> None:
        self._blocked.discard(user.id)
        self.standing(user, self.chats[user.id], "kicked", "member")

    def standing(self, user: User, chat: Chat, before: str, after: str) -> None:
        """`user` changed what the bot is in a chat."""

        def member(status: str) -> Json:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": self.bot.to_json(), "status": status, **until}

        change: Json = {
            "chat": chat.to_json(),
            "from": user.to_json(),
            "date": int(time.time()),
            "old_chat_member": member(before),
            "new_chat_member": member(after),
        }
        self.updates.push("my_chat_member", change)
        self.events.publish(Event(EventKind.PEOPLE))

    def post(
        self,
        chat: Chat,
        content: Content,
        *,
        reply_to: Message | None = None,
        keyboard: InlineKeyboard | None = None,
        media_group_id: str | None = None,
        thread_id: int | None = None,
    ) -> Message:
        """The bot sends a message."""
        message = self._add(self.bot, chat, content, reply_to, keyboard, media_group_id, thread_id, None)
        self.said(chat.id).append(message)
        return message

    def change(self, message: Message, content: Content, keyboard: InlineKeyboard | None) -> Message:
        """The bot edits a message; without a keyboard the message loses its buttons."""
        changed = self._replace(message, content, keyboard)
        self.said(message.chat.id).append(changed)
        return changed

    def delete(self, message: Message) -> None:
        del self._messages[message.chat.id][message.message_id]
        self.events.publish(Event(EventKind.DELETED, message.chat.id, message))

    def act(self, chat: Chat, action: str) -> None:
        """The bot is typing, uploading a photo, ..."""
        self.events.publish(Event(EventKind.ACTION, chat.id, action=action))

    def answer(self, answer: CallbackAnswer) -> None:
        """The bot answers a pressed button, once and in time."""
        query = self._queries.pop(answer.query_id, None)
        if query is None or time.monotonic() - query.asked_at > self.query_seconds:
            raise BadRequest("query is too old and response timeout expired or query ID is invalid")
        self.events.publish(Event(EventKind.ANSWER, query.chat_id, answer=answer, user_id=query.user_id))

    def _must_be_in(self, user: User, chat_id: int) -> None:
        if chat_id != user.id and user.id not in self.members.get(chat_id, ()):
            raise ValueError(f"{user.first_name} is not in chat {chat_id}")

    def _add(
        self,
        sender: User,
        chat: Chat,
        content: Content,
        reply_to: Message | None,
        keyboard: InlineKeyboard | None,
        media_group_id: str | None,
        thread_id: int | None,
        behind: Chat | None,
    ) -> Message:
        if thread_id is None and reply_to is not None:
            thread_id = reply_to.thread_id  # an answer stays in the topic of what it answers
            if thread_id is None and chat.type is ChatType.SUPERGROUP and not chat.is_forum:
                thread_id = reply_to.message_id  # Telegram calls a chain of replies a thread, too
        if reply_to is None and thread_id is not None:
            reply_to = self.topics.get(chat.id, {}).get(thread_id)  # all in a topic answers what opened it
        now = datetime.now(UTC)
        # What is quoted does not quote in turn, or the last message would hold the whole conversation.
        quoted = replace(reply_to, reply_to=None) if reply_to else None
        message_id = next(self._ids_of_chats.get(chat.id, self._ids))
        opens = TOPIC_OPENED in content.others
        if opens:
            thread_id = message_id
        message = Message(
            message_id, chat, sender, now, content, quoted, keyboard, media_group_id, thread_id, sender_chat=behind
        )
        if opens:
            self.topics[chat.id][message_id] = message
            self.events.publish(Event(EventKind.PEOPLE))
        self._messages.setdefault(chat.id, {})[message_id] = message
        self.events.publish(Event(EventKind.MESSAGE, chat.id, message))
        return message

    def _replace(self, message: Message, content: Content, keyboard: InlineKeyboard | None) -> Message:
        changed = replace(message, content=content, keyboard=keyboard, edit_date=datetime.now(UTC))
        self._messages[message.chat.id][message.message_id] = changed
        self.events.publish(Event(EventKind.EDITED, message.chat.id, changed))
        return changed
