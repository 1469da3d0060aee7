"""Every Bot API method that the sandbox has, by its name in lower case: names match in any case."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox import editing, presenting, receiving, sending
from bot.sandbox.parameters import Parameters
from bot.sandbox.world import World

Method = Callable[[World, Parameters], Awaitable[Any]]

METHODS: dict[str, Method] = {
    "getme": presenting.get_me,
    "setmycommands": presenting.set_my_commands,
    "getmycommands": presenting.get_my_commands,
    "deletemycommands": presenting.delete_my_commands,
    "setmyname": presenting.set_my_name,
    "getmyname": presenting.get_my_name,
    "setmydescription": presenting.set_my_description,
    "getmydescription": presenting.get_my_description,
    "setmyshortdescription": presenting.set_my_short_description,
    "getmyshortdescription": presenting.get_my_short_description,
    "getupdates": receiving.get_updates,
    "setwebhook": receiving.set_webhook,
    "deletewebhook": receiving.delete_webhook,
    "getwebhookinfo": receiving.get_webhook_info,
    "getfile": receiving.get_file,
    "getchat": receiving.get_chat,
    "getchatmember": receiving.get_chat_member,
    "leavechat": receiving.leave_chat,
    "sendmessage": sending.send_message,
    "sendphoto": sending.send_photo,
    "senddocument": sending.send_document,
    "sendmediagroup": sending.send_media_group,
    "sendchataction": sending.send_chat_action,
    "editmessagetext": editing.edit_message_text,
    "editmessagecaption": editing.edit_message_caption,
    "editmessagereplymarkup": editing.edit_message_reply_markup,
    "editmessagemedia": editing.edit_message_media,
    "deletemessage": editing.delete_message,
    "answercallbackquery": editing.answer_callback_query,
}
