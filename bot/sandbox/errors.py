"""How the sandbox refuses a request, in Telegram's wording.

ApiError                   answered as {"ok": false, "error_code", "description", "parameters"?}
├── BadRequest      400    a parameter is missing or wrong, or names what does not exist
├── Migrated        400    the group became a supergroup: use `migrate_to_chat_id`
├── Unauthorized    401    the token is not this bot's
├── Forbidden       403    the person does not let the bot write
├── NotFound        404    no such method
├── Conflict        409    another getUpdates took over
└── TooManyRequests 429    wait `retry_after` seconds
"""

from bot.sandbox.wire import Json, present


class ApiError(Exception):
    """A refused request; `code` is the HTTP status as well."""

    def __init__(self, code: int, description: str, *, parameters: Json | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def to_json(self) -> Json:
        return present(ok=False, error_code=self.code, description=self.description, parameters=self.parameters)


class BadRequest(ApiError):
    def __init__(self, reason: str) -> None:
        super().__init__(400, f"Bad Request: {reason}")


class Migrated(ApiError):
    def __init__(self, supergroup_id: int) -> None:
        reason = "Bad Request: group chat was upgraded to a supergroup chat"
        super().__init__(400, reason, parameters={"migrate_to_chat_id": supergroup_id})


class Unauthorized(ApiError):
    def __init__(self) -> None:
        super().__init__(401, "Unauthorized")


class Forbidden(ApiError):
    def __init__(self, reason: str) -> None:
        super().__init__(403, f"Forbidden: {reason}")


class NotFound(ApiError):
    def __init__(self) -> None:
        super().__init__(404, "Not Found")


class Conflict(ApiError):
    def __init__(self, reason: str) -> None:
        super().__init__(409, f"Conflict: {reason}")


class TooManyRequests(ApiError):
    def __init__(self, retry_after: int) -> None:
        super().__init__(429, f"Too Many Requests: retry after {retry_after}", parameters={"retry_after": retry_after})
