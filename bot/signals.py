"""Ctrl-C and SIGTERM end a program in order."""

import asyncio
import signal
from collections.abc import Awaitable, Callable


def until_signal(program: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    """Run `program` with an event that Ctrl-C or SIGTERM sets; a second signal ends the process at once."""

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
