"""What the end-to-end tests share. Whatever a bot asked for and was told is held to two other implementations."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.end_to_end.installation import PHOTOS, Installation, installation_in
from tests.telegram_types import assert_all_valid


@pytest.fixture
def installed(tmp_path: Path) -> Callable[[], AbstractAsyncContextManager[Installation]]:
    """`async with installed() as installation`: a sandbox and an empty home folder."""

    @asynccontextmanager
    async def installation() -> AsyncIterator[Installation]:
        async with installation_in(tmp_path / "home") as running:
            yield running
            assert_all_valid(running.sandbox)

    return installation


@pytest.fixture
def photo() -> Callable[[str], bytes]:
    """The bytes of a demo photo, by the beginning of its name."""

    def read(name: str) -> bytes:
        (path,) = PHOTOS.glob(f"{name}*.*")
        return path.read_bytes()

    return read
