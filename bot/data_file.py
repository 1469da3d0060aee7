"""The file that answers /my_data: made when it is sent, on disk, and gone afterwards."""

import tempfile
from dataclasses import dataclass
from typing import IO

from telegram import InlineKeyboardMarkup

from bot.catalogue import catalogue_for
from bot.privacy_keyboard import part_keyboard
from review import export
from review.database import Database
from review.outbox import PendingMessage
from review.storage import ImageStore


@dataclass(frozen=True)
class DataFile:
    """What is sent for `OutboxKind.MY_DATA`: a zip of up to 50 MB on disk (None: nothing is kept), and words."""

    text: str
    name: str
    file: IO[bytes] | None
    buttons: InlineKeyboardMarkup | None


def data_file(database: Database, images: ImageStore, message: PendingMessage) -> DataFile:
    """Write the part that was asked for; whoever sends the file closes it, and then it is gone.

    Raises `OSError` when the disk is full, `DatabaseError` when the database cannot be used.
    """
    words = catalogue_for(message.recipient.language)
    user_id, part = message.recipient.chat_id, message.parameters["part"]
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed by whoever sends it
    try:
        with database.read() as session:
            done = export.write_export(session, images, user_id, file, part=part)
    except BaseException:  # whatever it is, Ctrl-C too: nobody else closes the file; it is raised on
        file.close()
        raise
    if part > max(done.parts, 1) or not done.parts:
        file.close()
        return DataFile(words("my-data-nothing"), "", None, None)
    file.seek(0)
    if done.parts == 1:
        return DataFile(words("my-data"), "my-data.zip", file, None)
    return DataFile(
        words("my-data-part", part=part, parts=done.parts),
        f"my-data-{part}-of-{done.parts}.zip",
        file,
        part_keyboard(words, user_id, part + 1) if part < done.parts else None,
    )
