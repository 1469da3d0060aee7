"""Chaos: random trouble with a share of all requests, the same for the same seed and the same requests."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bot.sandbox.faults import DOWNLOAD, Fault, bad_gateway, conflict, expired_query
from bot.sandbox.malformed import MALFORMED, WITHOUT_ID
from bot.sandbox.updates import UpdateQueue

Make = Callable[[random.Random], Fault]

# What may happen before a request takes effect. Times are short, so that a test sees much trouble in little time.
_BEFORE: Mapping[str, Make] = {
    "500": lambda _: Fault(status=500),
    "502": lambda _: bad_gateway(),
    "slow": lambda seeded: Fault(delay=seeded.uniform(0.2, 2.0)),
    "hangs, then resets": lambda seeded: Fault(delay=seeded.uniform(1.0, 3.0), drop=True),
    "reset": lambda _: Fault(drop=True),
    "429": lambda seeded: Fault(status=429, retry_after=seeded.randint(1, 2)),
}
# What may happen after it took effect: its answer is lost, and Telegram has no way to ask whether it did.
_AFTER: Mapping[str, Make] = {
    "reset after": lambda _: Fault(drop=True, effect=True),
    "502 after": lambda _: bad_gateway(effect=True),
    "cut": lambda seeded: Fault(cut=seeded.random()),
}
_DOWNLOAD: Mapping[str, Make] = {
    "crawling": lambda seeded: Fault(pace=seeded.randint(20_000, 100_000)),
    "404": lambda _: Fault(status=404, description="Not Found"),
}
_ALSO: Mapping[str, Mapping[str, Make]] = {
    DOWNLOAD: _DOWNLOAD,
    "getupdates": {"409": lambda _: conflict()},
    "answercallbackquery": {"expired": lambda _: expired_query()},
}
_SENDING = ("send", "edit")


class Chaos:
    """Asked about each request; `happened` counts what it did by name.

    `share` of the requests meet trouble. Before `share` of the polls an update comes once more, or a malformed one.
    """

    def __init__(self, updates: UpdateQueue, *, seed: int, share: float, lost_answers: bool = True) -> None:
        """`lost_answers`: also answers to what was sent get lost, which makes an honest bot say things twice."""
        self._updates = updates
        self._seeded = random.Random(seed)  # noqa: S311 - trouble that can be had again, no secret
        self._share = share
        self._lost_answers = lost_answers
        self._malformed: Sequence[str] = [name for name in MALFORMED if name not in WITHOUT_ID]
        self.happened: Counter[str] = Counter()

    def __call__(self, method: str) -> Fault | None:
        """The trouble of this request, if it has any."""
        method = method.lower()
        if method == "getupdates":
            self._stir_updates()
        if self._seeded.random() >= self._share:
            return None
        kinds = {**_BEFORE, **_ALSO.get(method, {})}
        if self._lost_answers or not method.startswith(_SENDING):
            kinds |= _AFTER
        name = self._seeded.choice(sorted(kinds))
        self.happened[f"{method}: {name}"] += 1
        return kinds[name](self._seeded)

    def _stir_updates(self) -> None:
        if self._seeded.random() < self._share and self._updates.emitted:
            self._updates.repeat(self._seeded.choice(list(self._updates.emitted)[-20:]))
            self.happened["update: repeated"] += 1
        if self._seeded.random() < self._share:
            name = self._seeded.choice(self._malformed)
            self._updates.push_malformed(MALFORMED[name])
            self.happened[f"update: {name}"] += 1
