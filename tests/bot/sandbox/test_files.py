"""Files: what a bot can fetch, and what it cannot."""

import io
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from PIL import Image

from bot.sandbox.files import NotAPicture
from bot.sandbox.server import Sandbox

pytestmark = pytest.mark.anyio
Api = Callable[..., Coroutine[Any, Any, Any]]


async def test_a_photo_is_recompressed_upright_and_without_metadata(
    sandbox: Sandbox, client: httpx.AsyncClient, api: Api
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    exif[0x010F] = "A camera"
    buffer = io.BytesIO()
    Image.new("RGB", (640, 480), "tan").save(buffer, "JPEG", exif=exif)
    await sandbox.asker.send_photo(buffer.getvalue())
    photo = (await api("getUpdates"))[0]["message"]["photo"]
    found = await api("getFile", file_id=photo[-1]["file_id"])
    answer = await client.get(f"/file/bot{sandbox.token}/{found['file_path']}")
    assert len(answer.content) == found["file_size"] == photo[-1]["file_size"]
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (480, 640))
        assert not picture.getexif()


async def test_a_document_arrives_untouched(
    sandbox: Sandbox, client: httpx.AsyncClient, api: Api, picture: Callable[..., bytes]
) -> None:
    data = picture(kind="PNG")
    await sandbox.asker.send_document(data, "Bär & co.png", caption="look")
    message = (await api("getUpdates"))[0]["message"]
    document = message["document"]
    assert (document["file_name"], document["mime_type"], message["caption"]) == ("Bär & co.png", "image/png", "look")
    assert document["thumbnail"]["width"] == 320
    found = await api("getFile", file_id=document["file_id"])
    assert (await client.get(f"/file/bot{sandbox.token}/{found['file_path']}")).content == data


async def test_files_over_20_mb_and_unknown_ones_are_refused(
    sandbox: Sandbox, client: httpx.AsyncClient, api: Api, refused: type[Exception]
) -> None:
    message = await sandbox.asker.send_document(bytes(20_000_001), "large.bin")
    document = message.content.document
    assert document is not None
    with pytest.raises(refused, match="400 Bad Request: file is too big"):
        await api("getFile", file_id=document.file_id)
    with pytest.raises(refused, match="400 Bad Request: invalid file_id"):
        await api("getFile", file_id="nonsense")
    with pytest.raises(refused, match="400 Bad Request: file_id not specified"):
        await api("getFile")
    assert (await client.get(f"/file/bot{sandbox.token}/photos/file_99.jpg")).status_code == 404
    assert (await client.get(f"/file/bot{sandbox.token}/../etc/passwd")).status_code == 404


@pytest.mark.parametrize("data", [b"", b"text", b"\xff\xd8\xff\xe0 cut", b"\x89PNG\r\n\x1a\n"])
async def test_people_cannot_send_as_photo_what_is_none(sandbox: Sandbox, data: bytes) -> None:
    with pytest.raises(NotAPicture):
        await sandbox.asker.send_photo(data)
    assert sandbox.asker.transcript() == []


async def test_a_truncated_jpeg_is_no_photo(sandbox: Sandbox, picture: Callable[..., bytes]) -> None:
    data = picture((1000, 1000))
    with pytest.raises(NotAPicture):
        await sandbox.asker.send_photo(data[: len(data) // 2])


async def test_the_same_photo_has_the_same_id_in_another_sandbox(
    sandbox: Sandbox, picture: Callable[..., bytes]
) -> None:
    one = await sandbox.asker.send_photo(picture())
    two = await Sandbox().asker.send_photo(picture())
    assert one.content.photo == two.content.photo
