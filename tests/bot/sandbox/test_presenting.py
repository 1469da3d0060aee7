"""Who the bot says it is: texts and menus, per language and per kind of chat."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]


def one(name: str) -> list[dict[str, str]]:
    return [{"command": name, "description": f"what {name} does"}]


async def test_the_narrowest_menu_shows_in_the_persons_language(sandbox: Sandbox, api: Api) -> None:
    mo, world = sandbox.moderator, sandbox.world
    await mo.send_text("/start")

    def menu() -> list[str]:
        return [command.command for command in world.menu(mo.chat, mo.user)]

    await api("setMyCommands", commands=one("everybody"))
    assert menu() == ["everybody"]
    await api("setMyCommands", commands=one("private"), scope={"type": "all_private_chats"})
    await api("setMyCommands", commands=one("german"), scope={"type": "all_private_chats"}, language_code="de")
    assert menu() == ["private"]
    await api("setMyCommands", commands=one("english"), scope={"type": "all_private_chats"}, language_code="en")
    assert menu() == ["english"]
    await api("setMyCommands", commands=one("mo"), scope={"type": "chat", "chat_id": mo.id})
    assert menu() == ["mo"]
    assert await api("getMyCommands", scope={"type": "chat", "chat_id": mo.id}) == one("mo")
    await api("deleteMyCommands", scope={"type": "chat", "chat_id": mo.id})
    assert menu() == ["english"]


async def test_groups_have_menus_of_their_own(sandbox: Sandbox, api: Api) -> None:
    group = sandbox.group("Bears", [sandbox.moderator, sandbox.asker])
    await api("setMyCommands", commands=one("private"), scope={"type": "all_private_chats"})
    await api("setMyCommands", commands=one("group"), scope={"type": "all_group_chats"})
    await api("setMyCommands", commands=one("owner"), scope={"type": "all_chat_administrators"})
    menus = [sandbox.world.menu(group, person.user)[0].command for person in (sandbox.moderator, sandbox.asker)]
    assert menus == ["owner", "group"]


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        ({"commands": [{"command": "Not OK", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ({"commands": [{"command": "ok", "description": ""}]}, "BOT_COMMAND_DESCRIPTION_INVALID"),
        ({"commands": one("ok") * 101}, "BOT_COMMANDS_TOO_MUCH"),
        ({"commands": "no list"}, "can't parse commands JSON object"),
        ({"commands": one("ok"), "scope": {"type": "chat", "chat_id": 5}}, "chat not found"),
        ({"commands": one("ok"), "scope": {"type": "everywhere"}}, "unsupported type"),
        ({"commands": one("ok"), "language_code": "english"}, "invalid language code"),
    ],
)
async def test_a_wrong_menu_is_refused(
    api: Api, refused: type[Exception], parameters: dict[str, Any], refusal: str
) -> None:
    with pytest.raises(refused, match=f"400 Bad Request: .*{refusal}"):
        await api("setMyCommands", **parameters)


async def test_texts_are_kept_per_language(api: Api, refused: type[Exception]) -> None:
    for kind in ("Name", "Description", "ShortDescription"):
        field = {"ShortDescription": "short_description"}.get(kind, kind.lower())
        await api(f"setMy{kind}", **{field: "Bear"})
        await api(f"setMy{kind}", **{field: "Bär"}, language_code="de")
        assert (await api(f"getMy{kind}"))[field] == "Bear"
        assert (await api(f"getMy{kind}", language_code="de"))[field] == "Bär"
        await api(f"setMy{kind}", language_code="de")
        assert (await api(f"getMy{kind}", language_code="de"))[field] == "Bear"
    assert (await api("getMe"))["first_name"] == "Bear"
    with pytest.raises(refused, match="too long"):
        await api("setMyShortDescription", short_description="x" * 121)
