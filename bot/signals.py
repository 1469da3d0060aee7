"""Ctrl-C and SIGTERM end a program in order."""

import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # imported when it is needed: until `ending_at_once` holds, every import is one that Ctrl-C can hit
    import asyncio

INTERRUPTED = 130  # the exit status of a program that Ctrl-C ended: 128 and the signal's number


@contextmanager
def ending_at_once() -> Iterator[Callable[[bytes], None]]:
    """While a program starts, Ctrl-C ends the process: an exception is lost when it comes up within some import.

    What is yielded says with which last word; nothing that would have to be cleaned up may have begun.
    """
    words = [b"\nstopped\n"]

    def ended(number: int, frame: FrameType | None) -> None:
        os.write(2, words[-1])  # no buffer, which may be in use at the moment
        os._exit(INTERRUPTED)

    before = signal.signal(signal.SIGINT, ended)
    try:
        yield words.append
    finally:
        signal.signal(signal.SIGINT, before)


def until_signal(program: Callable[["asyncio.Event"], Awaitable[None]]) -> None:
    """Run `program` with an event that Ctrl-C or SIGTERM sets; a second signal ends the process at once."""
    import asyncio

    async def supervised() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()

        def told() -> None:
            stop.set()
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told)
        await program(stop)

    asyncio.run(supervised())
