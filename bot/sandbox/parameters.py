"""A Bot API request's parameters, however they came: query string, form, JSON or multipart."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request

from bot.sandbox.errors import ApiError, BadRequest

UPLOAD_LIMIT = 50 * 1024 * 1024  # bytes of one request


@dataclass(frozen=True)
class Upload:
    file_name: str
    mime_type: str | None
    data: bytes


@dataclass(frozen=True)
class Parameters:
    """Typed reading; what a method does not read is ignored, as Telegram does."""

    values: dict[str, str]
    uploads: dict[str, Upload]

    def text(self, name: str) -> str | None:
        """The parameter, or None where it is absent or empty."""
        return self.values.get(name) or None

    def integer(self, name: str, default: int = 0) -> int:
        """Like Telegram, takes what is no number for the default."""
        try:
            return int(self.values.get(name, ""))
        except ValueError:
            return default

    def flag(self, name: str) -> bool:
        return self.values.get(name, "").strip().lower() in ("true", "yes", "1")

    def json(self, name: str, what: str) -> Any:
        """Parsed JSON or None; `what` names it in the refusal."""
        text = self.text(name)
        if text is None:
            return None
        try:
            return json.loads(text)
        except ValueError as error:
            raise BadRequest(f"can't parse {what} JSON object") from error

    def file(self, name: str) -> str | Upload | None:
        """An upload under this name or through attach://, else the text: a file_id or an address."""
        return self.uploads.get(name) or self.attached(self.text(name))

    def attached(self, value: str | None) -> str | Upload | None:
        if value is None or not value.startswith("attach://"):
            return value
        upload = self.uploads.get(value.removeprefix("attach://"))
        if upload is None:
            raise BadRequest(f'attached file "{value}" not found')  # the caller names a part that did not come
        return upload


async def read(request: Request) -> Parameters:
    """Collect the parameters of a request; raises `ApiError` 413 when it is too large."""
    values = dict(request.query_params)
    uploads: dict[str, Upload] = {}
    if request.method == "POST":
        if _length(request) > UPLOAD_LIMIT:
            raise ApiError(413, "Request Entity Too Large")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json":
            values |= await _from_json(request)
        elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            async with request.form(max_files=100, max_fields=1000, max_part_size=UPLOAD_LIMIT) as form:
                for name, value in form.multi_items():
                    if isinstance(value, UploadFile):
                        uploads[name] = Upload(value.filename or "file", value.content_type, await value.read())
                    else:
                        values[name] = value
    return Parameters(values, uploads)


def _length(request: Request) -> int:
    try:
        return int(request.headers.get("content-length", "0"))
    except ValueError:
        return 0


async def _from_json(request: Request) -> dict[str, str]:
    try:
        body = json.loads(await request.body() or b"{}")
    except ValueError as error:
        raise BadRequest("can't parse request body as JSON object") from error
    if not isinstance(body, dict):
        raise BadRequest("request body must be a JSON object")
    # Nested values travel as JSON text, as they would in a form.
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in body.items()
        if value is not None
    }
