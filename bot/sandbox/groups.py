"""Groups, forums and channels: how they come to be, and what happens in them besides messages of people."""

from dataclasses import replace

from bot.sandbox.media import PhotoSize
from bot.sandbox.objects import TOPIC_OPENED, Chat, ChatType, Content, Message, User
from bot.sandbox.world import World

_FIRST_GROUP_ID = -400_000_000  # basic groups; supergroups and channels begin with -100
_FIRST_SUPERGROUP_ID = -1_001_000_000_000


def add_group(world: World, title: str, member_ids: list[int], *, topics: bool = False, basic: bool = False) -> Chat:
    """A group with the bot in it, which sees every message (its privacy mode is off)."""
    if basic and topics:
        raise ValueError("a basic group has no topics: it would have to become a supergroup")
    kind = ChatType.GROUP if basic else ChatType.SUPERGROUP
    chat = Chat(_next_id(world, kind), kind, title=title, is_forum=topics)
    world.add_chat(chat, member_ids)
    if topics:
        world.topics[chat.id] = {}
    return chat


def add_channel(world: World, title: str, owner_id: int) -> Chat:
    """A channel that the bot reads; its owner writes."""
    chat = Chat(_next_id(world, ChatType.CHANNEL), ChatType.CHANNEL, title=title)
    world.add_chat(chat, [owner_id])
    return chat


def open_topic(world: World, user: User, forum: Chat, name: str) -> int:
    """A new topic; returns its thread id, which is the id of the message that opened it."""
    if not forum.is_forum:
        raise ValueError(f"{forum.title} has no topics")
    opening = Content(others={TOPIC_OPENED: {"name": name, "icon_color": 0x6FB9F0}})
    return world.say(user, forum.id, opening).message_id


def close_topic(world: World, forum: Chat, thread_id: int) -> None:
    """The topic is deleted: whoever writes to it is told that there is none."""
    del world.topics[forum.id][thread_id]


def join(world: World, user: User, group: Chat, *, added_by: User | None = None) -> Message:
    """Somebody joins, or is added."""
    world.members[group.id].append(user.id)
    told = Content(others={"new_chat_members": [user.to_json()]})
    return world.say(added_by or user, group.id, told)


def leave(world: World, user: User, group: Chat) -> Message:
    """Somebody leaves."""
    message = world.say(user, group.id, Content(others={"left_chat_member": user.to_json()}))
    world.members[group.id].remove(user.id)
    return message


def change_photo(world: World, user: User, group: Chat, photo: tuple[PhotoSize, ...]) -> Message:
    """The group gets another picture: a message with a photo that nobody sent to be judged."""
    return world.say(user, group.id, Content(others={"new_chat_photo": [size.to_json() for size in photo]}))


def bot_leaves(world: World, group: Chat) -> None:
    """The bot left by itself; it hears of it as people do."""
    world.standing(world.bot, group, "member", "left")
    world.away.add(group.id)


def bot_is_removed(world: World, user: User, group: Chat) -> None:
    world.standing(user, group, "member", "kicked")
    world.away.add(group.id)


def bot_is_added(world: World, user: User, group: Chat) -> Message:
    """Somebody adds the bot to a group that it is not in."""
    world.away.discard(group.id)
    world.standing(user, group, "left", "member")
    return world.say(user, group.id, Content(others={"new_chat_members": [world.bot.to_json()]}))


def migrate(world: World, group: Chat) -> Chat:
    """A basic group becomes a supergroup with another id; the bot must use the new one from now on."""
    if group.type is not ChatType.GROUP or group.id in world.moved:
        raise ValueError("only a basic group becomes a supergroup, and only once")
    members = world.members[group.id]
    supergroup = replace(group, id=_next_id(world, ChatType.SUPERGROUP), type=ChatType.SUPERGROUP)
    world.add_chat(supergroup, members)
    owner = world.people[members[0]]
    world.say(owner, group.id, Content(others={"migrate_to_chat_id": supergroup.id}))
    del world.members[group.id]
    world.moved[group.id] = supergroup.id
    arrived = Content(others={"migrate_from_chat_id": group.id})
    world.say(owner, supergroup.id, arrived, behind=supergroup)
    return supergroup


def _next_id(world: World, kind: ChatType) -> int:
    first = _FIRST_GROUP_ID if kind is ChatType.GROUP else _FIRST_SUPERGROUP_ID
    return first - 1 - sum(chat.type is not ChatType.PRIVATE for chat in world.chats.values())
