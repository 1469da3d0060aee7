"""Bot API methods by which the bot receives: updates, files, and who is in a chat."""

import re
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox import groups
from bot.sandbox.arguments import target_chat
from bot.sandbox.errors import BadRequest, Conflict
from bot.sandbox.files import DOWNLOAD_LIMIT
from bot.sandbox.objects import Chat, ChatType
from bot.sandbox.parameters import Parameters
from bot.sandbox.webhook import Webhook
from bot.sandbox.wire import Json
from bot.sandbox.world import World

POLL_LIMIT = 50  # seconds
BATCH_LIMIT = 100  # updates
SECRET_LIMIT = 256
LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SECRET = re.compile(r"[A-Za-z0-9_-]+")


async def get_updates(world: World, parameters: Parameters) -> list[Any]:
    if world.webhook.is_set:
        raise Conflict(
            "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        )
    _allow(world, parameters)
    limit = parameters.integer("limit", BATCH_LIMIT)
    return await world.updates.poll(
        offset=parameters.integer("offset"),
        limit=limit if 0 < limit <= BATCH_LIMIT else BATCH_LIMIT,
        seconds=min(max(parameters.integer("timeout"), 0), POLL_LIMIT),
    )


async def set_webhook(world: World, parameters: Parameters) -> bool:
    """Like a Bot API server of one's own, it takes http too; but it posts to this machine only."""
    url = parameters.text("url")
    if url is None:
        return await delete_webhook(world, parameters)
    try:
        parts = urlsplit(url)
        here = parts.hostname in LOOPBACK and parts.port != 0
    except ValueError:
        raise BadRequest("bad webhook: invalid webhook URL specified") from None
    if parts.scheme not in ("http", "https"):
        raise BadRequest("bad webhook: An HTTPS URL must be provided for webhook")
    if not here:
        raise BadRequest("bad webhook: the sandbox posts to this machine only, such as http://127.0.0.1:8443/")
    secret = parameters.text("secret_token")
    if secret is not None and len(secret) > SECRET_LIMIT:
        raise BadRequest("secret token is too long")
    if secret is not None and not _SECRET.fullmatch(secret):
        raise BadRequest("secret token contains unallowed characters")
    _allow(world, parameters)
    if parameters.flag("drop_pending_updates"):
        world.updates.drop_pending()
    connections = min(max(parameters.integer("max_connections", 40), 1), 100)
    world.webhook.set(Webhook(url, secret, connections, parameters.file("certificate") is not None))
    return True


async def delete_webhook(world: World, parameters: Parameters) -> bool:
    """Also where none is set, as clients call it for `drop_pending_updates`."""
    world.webhook.set(None)
    if parameters.flag("drop_pending_updates"):
        world.updates.drop_pending()
    return True


async def get_webhook_info(world: World, parameters: Parameters) -> Json:
    return world.webhook.info()


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


def _allow(world: World, parameters: Parameters) -> None:
    kinds: Any = parameters.json("allowed_updates", "allowed updates")
    if kinds is not None:
        if not isinstance(kinds, list):
            raise BadRequest("can't parse allowed updates JSON object")
        world.updates.allow([str(kind) for kind in kinds])


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
