"""Holds what goes over the wire to two independent implementations of the Bot API.

What a bot asked for must build aiogram's object of that method, with no parameter and no field that aiogram does not
know; what the sandbox tells must be an update to aiogram and to python-telegram-bot, which must understand all of it.
"""

import json
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Union, get_args, get_origin

import aiogram.methods
import aiogram.types
import telegram
from aiogram.methods.base import TelegramMethod
from pydantic import BaseModel, ValidationError

from bot.sandbox.faults import DOWNLOAD, RequestRecord
from bot.sandbox.server import Sandbox

_METHODS: Mapping[str, type[TelegramMethod[Any]]] = {
    method.__api_method__.lower(): method
    for method in vars(aiogram.methods).values()
    if isinstance(method, type) and issubclass(method, TelegramMethod) and method is not TelegramMethod
}
_UPLOADED = "attach://uploaded"  # stands for a file that came under the parameter's own name


def assert_all_valid(sandbox: Sandbox) -> None:
    """Everything the sandbox has seen and said, both ways; the failure names each objection."""
    wrong = [*objections_to_requests(sandbox.requests), *objections_to_updates(sandbox.world.updates.emitted)]
    assert not wrong, "\n".join(wrong)


def objections_to_requests(requests: Iterable[RequestRecord]) -> list[str]:
    """What is wrong with what a bot asked for; each sentence once."""
    found = (f"{request.method}: {why}" for request in requests for why in _objections_to(request))
    return list(dict.fromkeys(found))


def objections_to_updates(updates: Iterable[Mapping[str, Any]]) -> list[str]:
    """What is wrong with what the sandbox told a bot."""
    found = (f"update {json.dumps(update)}: {why}" for update in updates for why in _objections_to_update(update))
    return list(dict.fromkeys(found))


def _objections_to(request: RequestRecord) -> Iterator[str]:
    if request.method == DOWNLOAD:
        return
    method = _METHODS.get(request.method.lower())
    if method is None:
        yield "no such method"
        return
    yield from _stray_files(request)
    given: dict[str, Any] = {name: _UPLOADED for name in request.files if name in method.model_fields}
    for name, text in request.parameters.items():
        if name not in method.model_fields:
            yield f"no parameter is called {name}"
            continue
        try:
            given[name] = _decoded(method.model_fields[name].annotation, text)
        except ValueError:
            yield f"{name} is no JSON: {text}"
    try:
        # As JSON, strictly: there numbers are no texts, and texts no numbers.
        built = method.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        yield from (f"{'.'.join(map(str, one['loc']))}: {one['msg']}: {one['input']!r}" for one in error.errors())
    else:
        yield from _unknown_fields(built)


def _stray_files(request: RequestRecord) -> Iterator[str]:
    texts = " ".join(request.parameters.values())
    method = _METHODS[request.method.lower()]
    for name in request.files:
        if name not in method.model_fields and f"attach://{name}" not in texts:
            yield f"the file {name} belongs to no parameter"


def _objections_to_update(update: Mapping[str, Any]) -> Iterator[str]:
    if len(update) != 2:
        yield "an update is an id and one thing that happened"
    try:
        yield from _unknown_fields(aiogram.types.Update.model_validate(update))
    except ValidationError as error:
        yield f"aiogram: {error}"
    try:
        understood = telegram.Update.de_json(dict(update))
    except (KeyError, TypeError, ValueError) as error:
        yield f"python-telegram-bot: {error!r}"
    else:
        yield from _lost(update, understood.to_dict())


def _lost(told: Any, understood: Any, path: str = "") -> Iterator[str]:
    """What python-telegram-bot made of an update must hold all that was told; it adds flags of its own."""
    if isinstance(told, dict) and isinstance(understood, dict):
        for name, value in told.items():
            yield from _lost(value, understood.get(name), f"{path}{name}.")
    elif isinstance(told, list) and isinstance(understood, list | tuple) and len(told) == len(understood):
        for one, other in zip(told, understood, strict=True):
            yield from _lost(one, other, path)
    elif told != understood:
        yield f"python-telegram-bot understood {path.rstrip('.')} as {understood!r}"


def _unknown_fields(built: Any, path: str = "") -> Iterator[str]:
    if isinstance(built, BaseModel):
        yield from (f"no field is called {path}{name}" for name in built.model_extra or ())
        for name in type(built).model_fields:
            yield from _unknown_fields(getattr(built, name), f"{path}{name}.")
    elif isinstance(built, list | tuple):
        for one in built:
            yield from _unknown_fields(one, path)


def _decoded(annotation: Any, text: str) -> Any:
    """A parameter as it stands in a form: words as they are, numbers and everything else as JSON."""
    kinds = set(_alternatives(annotation))
    is_number = text.removeprefix("-").isdecimal()
    if str in kinds and not (int in kinds and is_number):
        return text
    return json.loads(text)


def _alternatives(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation
