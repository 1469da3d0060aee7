"""Bot API methods by which the bot receives: updates and files."""

from typing import Any

from bot.sandbox import groups
from bot.sandbox.arguments import target_chat
from bot.sandbox.errors import BadRequest
from bot.sandbox.files import DOWNLOAD_LIMIT
from bot.sandbox.objects import Chat, ChatType
from bot.sandbox.parameters import Parameters
from bot.sandbox.wire import Json
from bot.sandbox.world import World

POLL_LIMIT = 50  # seconds
BATCH_LIMIT = 100  # updates


async def get_updates(world: World, parameters: Parameters) -> list[Json]:
    kinds: Any = parameters.json("allowed_updates", "allowed updates")
    if kinds is not None:
        if not isinstance(kinds, list):
            raise BadRequest("can't parse allowed updates JSON object")
        world.updates.allow([str(kind) for kind in kinds])
    limit = parameters.integer("limit", BATCH_LIMIT)
    return await world.updates.poll(
        offset=parameters.integer("offset"),
        limit=limit if 0 < limit <= BATCH_LIMIT else BATCH_LIMIT,
        seconds=min(max(parameters.integer("timeout"), 0), POLL_LIMIT),
    )


async def delete_webhook(world: World, parameters: Parameters) -> bool:
    """There is none to delete; `drop_pending_updates` is what clients call this for."""
    if parameters.flag("drop_pending_updates"):
        world.updates.drop_pending()
    return True


async def get_webhook_info(world: World, parameters: Parameters) -> Json:
    return {"url": "", "has_custom_certificate": False, "pending_update_count": len(world.updates.pending)}


async def get_file(world: World, parameters: Parameters) -> Json:
    file_id = parameters.text("file_id")
    if file_id is None:
        raise BadRequest("file_id not specified")
    stored = world.files.get(file_id)
    if len(stored.data) > DOWNLOAD_LIMIT:
        raise BadRequest("file is too big")
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.file_unique_id,
        "file_size": len(stored.data),
        "file_path": stored.path,
    }


async def get_chat(world: World, parameters: Parameters) -> Json:
    chat = target_chat(world, parameters)
    gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
    return {
        **chat.to_json(),
        "accent_color_id": abs(chat.id) % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(gifts, False),
    }


async def get_chat_member(world: World, parameters: Parameters) -> Json:
    chat = target_chat(world, parameters)
    user_id = parameters.integer("user_id")
    user = world.bot if user_id == world.bot.id else world.people.get(user_id)
    if user is None or (chat.type is ChatType.PRIVATE and user_id not in (chat.id, world.bot.id)):
        raise BadRequest("user not found" if user is None else "member not found")
    status = _status(world, chat, user_id)
    extras = {"is_anonymous": False} if status == "creator" else {}
    return {"user": user.to_json(), "status": status, **extras}


def _status(world: World, chat: Chat, user_id: int) -> str:
    members = [*world.members.get(chat.id, ()), world.bot.id]
    if chat.type is ChatType.PRIVATE or user_id == world.bot.id:
        return "member"
    if user_id not in members:
        return "left"
    return "creator" if user_id == members[0] else "member"


async def leave_chat(world: World, parameters: Parameters) -> bool:
    chat = target_chat(world, parameters)
    if chat.type is ChatType.PRIVATE:
        raise BadRequest("chat member status can't be changed in private chats")
    groups.bot_leaves(world, chat)
    return True
