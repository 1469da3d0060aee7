"""What was said and what became of it: heard in the order in which it was said."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from review.errors import MayNotReview, ReviewError
from review.terminal import words
from review.terminal.desk import Answer, Desk, GivenUp


class Answers:
    """Passes answers on to a desk, in one event loop."""

    def __init__(self, desk: Desk, *, on_settled: Callable[[int], None], on_refused: Callable[[str], None]) -> None:
        """`on_settled` hears of each item that an answer settled, `on_refused` of each answer that does not count."""
        self._desk = desk
        self._on_settled, self._on_refused = on_settled, on_refused
        self._unheard: deque[tuple[Answer, Future[str | None]]] = deque()
        self._stir = asyncio.Event()

    def say(self, answer: Answer) -> None:
        """Returns at once."""
        self._unheard.append((answer, self._desk.say(answer)))
        self._stir.set()

    async def listen(self) -> None:
        """Until it is cancelled. Raises `MayNotReview`: what is said from then on does not count either."""
        while True:
            while self._unheard:
                answer, future = self._unheard[0]
                try:
                    final = await asyncio.wrap_future(future)
                except ReviewError as error:
                    self._unheard.popleft()
                    self._on_refused(_refused(answer, error))
                    if isinstance(error, MayNotReview):
                        raise
                else:
                    self._unheard.popleft()
                    if final is not None:
                        self._on_settled(answer.item_id)
            self._stir.clear()
            await self._stir.wait()

    def rest(self) -> list[str]:
        """What was refused and not heard of before the screen ended; for when the desk is closed.

        What could not be saved at all is not among it: the desk knows that.
        """
        errors = [(answer, future.exception()) for answer, future in self._unheard if future.done()]
        self._unheard.clear()
        return [
            _refused(answer, error)
            for answer, error in errors
            if isinstance(error, ReviewError) and not isinstance(error, GivenUp)
        ]


def _refused(answer: Answer, error: ReviewError) -> str:
    said = words.verdict(answer.kind, answer.label, answer.free_name)
    return f"{said!r} does not count: {error}"
