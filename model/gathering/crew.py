"""Threads that fetch: several at a time, and never more in hand than is allowed."""

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

from model.errors import Stopped

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew(Generic[Item, Result]):
    """Takes things and does them in `size` threads, while one thread looks at what came of each.

    The threads are daemons: a program that ends does not wait for a host that keeps them.
    """

    def __init__(self, take: Callable[[], Item | None], do: Callable[[Item], Result], *, size: int, name: str) -> None:
        """`take` gives the next thing, None when there are no more; only one thread calls it at a time."""
        self._take = take
        self._do = do
        self._turn = threading.Lock()
        self._permits = threading.Semaphore(0)  # one for each thing that may be in hand
        self._in_hand = 0
        self._results: SimpleQueue[Result | Exception | None] = SimpleQueue()
        self._at_work = size
        for number in range(size):
            threading.Thread(target=self._work, name=f"{name} {number}", daemon=True).start()

    def have_in_hand(self, count: int) -> None:
        """Have so many things in hand from now on; what is begun already is not taken back."""
        while self._in_hand < count:
            self._in_hand += 1
            self._permits.release()

    def results(self) -> Iterator[Result]:
        """What came of each thing, in the order in which it is done; one less is in hand then.

        Ends when there are no more things, or none in hand and no more allowed. Raises what `do` raised, except
        `Stopped`, which ends a thread.
        """
        while self._at_work and self._in_hand:
            result = self._results.get()
            if result is None:
                self._at_work -= 1
                self._permits.release()  # the next one looks as well, and finds that there is no more
            elif isinstance(result, Exception):
                raise result
            else:
                self._in_hand -= 1
                yield result

    def dismiss(self) -> None:
        """Let threads end that wait to be allowed more. `take` must give None from now on."""
        self._permits.release(max(self._at_work, 1))

    def _work(self) -> None:
        try:
            while True:
                self._permits.acquire()
                with self._turn:
                    item = self._take()
                if item is None:
                    break
                self._results.put(self._do(item))
        except Stopped:
            pass  # whoever stopped it knows
        except Exception as error:  # noqa: BLE001 # no bug is lost: it is raised where somebody listens
            self._results.put(error)
        self._results.put(None)
