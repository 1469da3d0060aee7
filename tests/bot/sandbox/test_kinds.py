"""What people really send, and what happens to their groups, as the bot hears of it."""

import io
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from PIL import Image

from bot.sandbox import groups
from bot.sandbox.files import Clip, NotAPicture
from bot.sandbox.server import BOT, Sandbox
from tests.telegram_types import assert_all_valid

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]
Picture = Callable[..., bytes]

MP4 = b"\x00\x00\x00\x20ftypisom and no more"


async def test_every_kind_of_file_is_told_as_telegram_does(sandbox: Sandbox, api: Api, picture: Picture) -> None:
    ana, clip = sandbox.asker, Clip(MP4, "bear.mp4", seconds=4, poster=picture())
    await ana.send_sticker(picture((800, 400), kind="PNG"), "🧸")
    await ana.send_sticker(b"\x1f\x8b packed lottie")
    await ana.send_sticker(b"\x1aE\xdf\xa3 webm")
    await ana.send_animation(clip, "look")
    await ana.send_animation(Clip(b"GIF89a", "bear.gif"))
    await ana.send_video(clip)
    await ana.send_voice(b"OggS", 7)
    await ana.send_other("location", {"latitude": 58.5, "longitude": -155.0})
    messages = [update["message"] for update in await api("getUpdates")]
    still, moving, filmed, animation, gif, video, voice, location = messages
    assert (still["sticker"]["width"], still["sticker"]["height"], still["sticker"]["emoji"]) == (512, 256, "🧸")
    assert [(one["sticker"]["is_animated"], one["sticker"]["is_video"]) for one in (still, moving, filmed)] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    assert animation["document"]["file_id"] == animation["animation"]["file_id"]
    assert (animation["animation"]["duration"], animation["caption"]) == (4, "look")
    assert gif["document"]["mime_type"] == "image/gif"
    assert "document" not in video
    assert video["video"]["thumbnail"]["width"] == 320
    assert voice["voice"]["duration"] == 7
    assert location["location"]["latitude"] == 58.5
    assert_all_valid(sandbox)


async def test_a_sticker_is_a_webp_with_a_clear_ground(sandbox: Sandbox, client: httpx.AsyncClient, api: Api) -> None:
    buffer = io.BytesIO()
    Image.new("RGBA", (600, 600), (0, 0, 0, 0)).save(buffer, "PNG")
    message = await sandbox.asker.send_sticker(buffer.getvalue())
    assert message.content.sticker is not None
    found = await api("getFile", file_id=message.content.sticker.file_id)
    assert found["file_path"].startswith("stickers/")
    data = (await client.get(f"/file/bot{sandbox.token}/{found['file_path']}")).content
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.size, picture.mode) == ("WEBP", (512, 512), "RGBA")
    with pytest.raises(NotAPicture):
        await sandbox.asker.send_sticker(b"text")


async def test_albums_mix_photos_and_videos_and_files_come_together_too(
    sandbox: Sandbox, api: Api, picture: Picture
) -> None:
    mixed = await sandbox.asker.send_album([picture(), Clip(MP4), picture(colour="tan")], "three")
    files = await sandbox.asker.send_documents([(picture(), "a.jpg"), (b"text", "b.txt")])
    messages = [update["message"] for update in await api("getUpdates")]
    kinds = [next(kind for kind in ("photo", "video", "document") if kind in message) for message in messages]
    assert kinds == ["photo", "video", "photo", "document", "document"]
    assert {message["media_group_id"] for message in messages[:3]} == {mixed[0].media_group_id}
    assert {message["media_group_id"] for message in messages[3:]} == {files[0].media_group_id}
    assert mixed[0].media_group_id != files[0].media_group_id
    assert_all_valid(sandbox)


async def test_mentions_and_commands_to_this_bot_are_marked(sandbox: Sandbox, api: Api, picture: Picture) -> None:
    group = sandbox.group("Bears", [sandbox.asker])
    ana = sandbox.asker.at(group)
    await ana.send_photo(picture(), f"🐻 @{BOT.username} what is it?")
    await ana.send_text(f"/bear@{BOT.username} now")
    photo, text = [update["message"] for update in await api("getUpdates")]
    assert photo["caption_entities"] == [{"type": "mention", "offset": 3, "length": 20}]
    assert text["entities"] == [{"type": "bot_command", "offset": 0, "length": 25}]


async def test_a_forwarded_photo_is_the_same_file_for_everybody(sandbox: Sandbox, api: Api, picture: Picture) -> None:
    sent = await sandbox.asker.send_photo(picture())
    await sandbox.second_asker.forward(sent)
    first, second = [update["message"] for update in await api("getUpdates")]
    assert first["photo"][-1]["file_unique_id"] == second["photo"][-1]["file_unique_id"]
    assert second["forward_origin"]["sender_user"]["id"] == sandbox.asker.id
    assert_all_valid(sandbox)


async def test_a_photo_can_be_put_in_the_place_of_another(sandbox: Sandbox, api: Api, picture: Picture) -> None:
    sent = await sandbox.asker.send_photo(picture(), "which?")
    await sandbox.asker.edit_photo(sent, picture(colour="navy"))
    before, after = await api("getUpdates")
    edited = after["edited_message"]
    assert (edited["message_id"], edited["caption"]) == (before["message"]["message_id"], "which?")
    assert edited["photo"] != before["message"]["photo"]
    assert_all_valid(sandbox)


async def test_replies_in_groups_hold_the_photo_and_a_thread_that_is_no_topic(
    sandbox: Sandbox, api: Api, refused: type[Exception], picture: Picture
) -> None:
    group = sandbox.group("Bears", [sandbox.asker, sandbox.second_asker])
    photo = await sandbox.asker.at(group).send_photo(picture())
    await sandbox.second_asker.at(group).send_text("/bear", reply_to=photo)
    reply = (await api("getUpdates"))[-1]["message"]
    assert reply["reply_to_message"]["photo"][-1]["file_id"] == photo.content.photo[-1].file_id
    assert reply["message_thread_id"] == photo.message_id
    assert "is_topic_message" not in reply
    with pytest.raises(refused, match="message thread not found"):
        await api("sendMessage", chat_id=group.id, text="x", message_thread_id=photo.message_id)
    assert_all_valid(sandbox)


async def test_all_in_a_topic_answers_what_opened_it(
    sandbox: Sandbox, api: Api, refused: type[Exception], picture: Picture
) -> None:
    forum = sandbox.group("Bears", [sandbox.asker], topics=True)
    ana = sandbox.asker.at(forum)
    topic = ana.open_topic("Grizzlies")
    await topic.send_photo(picture())
    await ana.send_text("in General")
    opened, photo, general = [update["message"] for update in await api("getUpdates")]
    assert opened["forum_topic_created"]["name"] == "Grizzlies"
    assert photo["message_thread_id"] == opened["message_id"]
    assert photo["is_topic_message"] is True
    assert "forum_topic_created" in photo["reply_to_message"]
    assert "message_thread_id" not in general
    sent = await api("sendMessage", chat_id=forum.id, text="hello", message_thread_id=topic.topic)
    assert sent["is_topic_message"] is True
    assert topic.topic is not None
    groups.close_topic(sandbox.world, forum, topic.topic)
    with pytest.raises(refused, match="message thread not found"):
        await api("sendMessage", chat_id=forum.id, text="hello", message_thread_id=topic.topic)
    assert "quoted" not in topic.transcript_text()
    assert [entry.quoted for entry in topic.transcript()] == [None] * 4
    assert_all_valid(sandbox)


async def test_channels_post_without_a_person(sandbox: Sandbox, api: Api, picture: Picture) -> None:
    channel = sandbox.channel("Bear news", sandbox.asker)
    ana = sandbox.asker.at(channel)
    post = await ana.send_photo(picture(), "new")
    await ana.edit_caption(post, "newer")
    first, second = await api("getUpdates")
    assert "from" not in first["channel_post"]
    assert first["channel_post"]["sender_chat"]["id"] == first["channel_post"]["chat"]["id"] == channel.id
    assert second["edited_channel_post"]["caption"] == "newer"
    assert_all_valid(sandbox)


async def test_chats_speak_in_groups(sandbox: Sandbox, api: Api, picture: Picture) -> None:
    group = sandbox.group("Bears", [sandbox.asker])
    channel = sandbox.channel("Bear news", sandbox.asker)
    await sandbox.asker.at(group, behind=group).send_photo(picture())
    await sandbox.asker.at(group, behind=channel).send_text("x")
    anonymous, on_behalf = [update["message"] for update in await api("getUpdates")]
    assert (anonymous["from"]["username"], anonymous["sender_chat"]["id"]) == ("GroupAnonymousBot", group.id)
    assert (on_behalf["from"]["username"], on_behalf["sender_chat"]["id"]) == ("Channel_Bot", channel.id)
    assert sandbox.asker.at(group).messages == ()  # these are bots to Telegram, but not this one
    assert_all_valid(sandbox)


async def test_groups_tell_of_members_and_photos(sandbox: Sandbox, api: Api, picture: Picture) -> None:
    group = sandbox.group("Bears", [sandbox.asker])
    ben = sandbox.second_asker.join(group)
    await ben.change_group_photo(picture())
    ben.leave()
    joined, photo, left = [update["message"] for update in await api("getUpdates")]
    assert joined["new_chat_members"][0]["first_name"] == "Ben"
    assert "photo" not in photo
    assert photo["new_chat_photo"][-1]["width"] == 400
    assert left["left_chat_member"]["id"] == sandbox.second_asker.id
    with pytest.raises(ValueError, match="Ben is not in chat"):
        await ben.send_text("still here?")
    assert_all_valid(sandbox)


async def test_a_group_that_became_a_supergroup_is_found_under_its_new_id_only(
    sandbox: Sandbox, client: httpx.AsyncClient, api: Api
) -> None:
    group = sandbox.group("Bears", [sandbox.asker], basic=True)
    await sandbox.asker.at(group).send_text("before")
    supergroup = sandbox.migrate(group)
    form = {"chat_id": str(group.id), "text": "x"}
    answer = (await client.post(f"/bot{sandbox.token}/sendMessage", data=form)).json()
    assert answer == {
        "ok": False,
        "error_code": 400,
        "description": "Bad Request: group chat was upgraded to a supergroup chat",
        "parameters": {"migrate_to_chat_id": supergroup.id},
    }
    await api("sendMessage", chat_id=supergroup.id, text="here")
    before, moved, arrived = [update["message"] for update in await api("getUpdates")]
    assert (before["chat"]["type"], moved["migrate_to_chat_id"]) == ("group", supergroup.id)
    assert arrived["migrate_from_chat_id"] == group.id
    with pytest.raises(ValueError, match="only once"):
        sandbox.migrate(group)
    assert_all_valid(sandbox)


async def test_the_bot_leaves_is_removed_and_comes_back(sandbox: Sandbox, api: Api, refused: type[Exception]) -> None:
    group = sandbox.group("Bears", [sandbox.asker])
    ana = sandbox.asker.at(group)
    assert await api("leaveChat", chat_id=group.id) is True
    with pytest.raises(refused, match="403 Forbidden: bot is not a member of the supergroup chat"):
        await api("sendMessage", chat_id=group.id, text="x")
    await ana.send_text("nobody here?")
    ana.add_bot()
    await api("sendMessage", chat_id=group.id, text="here again")
    ana.remove_bot()
    with pytest.raises(refused, match="403"):
        await api("leaveChat", chat_id=group.id)
    updates = await api("getUpdates")
    standings = [one["my_chat_member"]["new_chat_member"]["status"] for one in updates if "my_chat_member" in one]
    assert standings == ["left", "member", "kicked"]
    assert [one["message"]["new_chat_members"][0]["id"] for one in updates if "message" in one] == [BOT.id]
    await sandbox.asker.send_text("/start")
    with pytest.raises(refused, match="can't be changed in private chats"):
        await api("leaveChat", chat_id=sandbox.asker.id)
    assert_all_valid(sandbox)
