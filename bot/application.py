"""The handler table: everything the bot reacts to, in one place, in order; the first that fits acts."""

from typing import Any

from telegram import Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    ExtBot,
    MessageHandler,
    filters,
)

from bot import (
    administration,
    admission,
    answer_keyboard,
    commands,
    feedback,
    groups,
    keyboards,
    languages,
    model_keyboard,
    model_view,
    moderation,
    photos,
    privacy,
    privacy_keyboard,
    queue_view,
    stats,
    why,
)
from bot.context import BotContext, Services
from bot.errors import UnreadableUpdate

BotApplication = Application[ExtBot[None], BotContext, dict[Any, Any], dict[Any, Any], dict[str, Services], None]

# Only new messages: an edited photo is the same photo.
_PRIVATE = filters.UpdateType.MESSAGE & filters.ChatType.PRIVATE
_GROUPS = filters.UpdateType.MESSAGE & filters.ChatType.GROUPS
_PICTURES = filters.PHOTO | filters.Document.ALL | filters.Sticker.ALL


def build_application(bot: ExtBot[None], services: Services) -> BotApplication:
    """An application without an updater: updates come through the inbox."""
    application = (
        Application.builder()
        .bot(bot)
        .updater(None)
        .job_queue(None)
        .context_types(ContextTypes(context=BotContext))
        .build()
    )
    application.bot_data["services"] = services
    for handler in (
        CommandHandler("start", commands.start, _PRIVATE),
        CommandHandler("help", commands.help_command, _PRIVATE),
        CommandHandler("review", moderation.review, _PRIVATE),
        CommandHandler("queue", queue_view.queue, _PRIVATE),
        CommandHandler("stats", stats.stats, _PRIVATE),
        CommandHandler("model", model_view.model, _PRIVATE),
        CommandHandler("retrain", administration.retrain, _PRIVATE),
        CommandHandler("moderator", administration.moderator, _PRIVATE),
        CommandHandler("why", why.why, _PRIVATE),
        CommandHandler("language", languages.choose, _PRIVATE),
        CommandHandler("privacy", privacy.privacy, _PRIVATE),
        CommandHandler("my_data", privacy.my_data, _PRIVATE),
        CommandHandler("delete_my_data", privacy.delete_my_data, _PRIVATE),
        CommandHandler(privacy_keyboard.COMMANDS, privacy.in_group, _GROUPS),
        CommandHandler("invite", admission.invite, _PRIVATE),
        CommandHandler("block", admission.block, _PRIVATE),
        CommandHandler("unblock", admission.unblock, _PRIVATE),
        CommandHandler(services.settings.group_command, groups.asked, _PRIVATE | _GROUPS),
        CommandHandler(groups.PRIVATE_COMMANDS, groups.private_only, _GROUPS),
        MessageHandler(_PRIVATE & _PICTURES, photos.photo),
        MessageHandler(_PRIVATE & filters.TEXT, commands.help_command),
        MessageHandler(_PRIVATE & ~filters.StatusUpdate.ALL, photos.not_a_picture),
        MessageHandler(_GROUPS & ~filters.StatusUpdate.ALL, groups.in_group),
        CallbackQueryHandler(feedback.pressed, pattern=f"^{answer_keyboard.PREFIX}:"),
        CallbackQueryHandler(privacy.pressed, pattern=f"^{privacy_keyboard.PREFIX}:"),
        CallbackQueryHandler(languages.pressed, pattern=f"^{keyboards.LANGUAGE_PREFIX}:"),
        CallbackQueryHandler(moderation.pressed, pattern=f"^{keyboards.REVIEW_PREFIX}:"),
        CallbackQueryHandler(moderation.undo_pressed, pattern=f"^{keyboards.UNDO_PREFIX}:"),
        CallbackQueryHandler(model_view.pressed, pattern=f"^{model_keyboard.PREFIX}:"),
        CallbackQueryHandler(commands.unknown_button),
    ):
        application.add_handler(handler)
    return application


async def handle(application: BotApplication, payload: dict[str, Any]) -> None:
    """Give one update's JSON to the first handler that fits; raises `UnreadableUpdate`, or whatever the handler raises.

    The library's own `process_update` swallows that, and then the inbox could not try again.
    """
    try:
        update = Update.de_json(payload, application.bot)
    except Exception as error:  # the library trusts Telegram, and stumbles in many ways over what is nonsense
        raise UnreadableUpdate(f"no update as the Bot API describes it ({type(error).__name__})") from error
    for handlers in application.handlers.values():
        for handler in handlers:
            check = handler.check_update(update)
            if check is not None and check is not False:
                context = application.context_types.context.from_update(update, application)
                await context.look_up(update)
                if await admission.passes(update, context):
                    await handler.handle_update(update, application, check, context)
                return
