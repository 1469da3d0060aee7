"""Which pictures of a growing set are there already: the same bytes, or nearly the same to look at."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from model.fingerprint import FLAT, differing_bits, quarters

MOST_BITS = 3  # more would not be found by the quarters; see `model.fingerprint` for what is measured

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Match(Generic[Key]):
    """A picture that was added before. `exact`: it has the same bytes; else its fingerprint differs in `bits`, 0..3."""

    key: Key
    exact: bool
    bits: int


class DuplicateIndex(Generic[Key]):
    """Pictures by their bytes and by how they look; about a kilobyte of memory each. Not thread-safe.

    A key is whatever the caller knows a picture by. `FLAT` pictures are told apart by their bytes alone: all that are
    blank look alike.
    """

    def __init__(self) -> None:
        self._by_bytes: dict[str, Key] = {}
        # Fingerprint -> how many there were before it, and the first picture with it: the others would say the same.
        self._by_look: dict[int, tuple[int, Key]] = {}
        self._by_quarter: dict[tuple[int, int], list[int]] = {}  # (which quarter, its value) -> fingerprints

    def __len__(self) -> int:
        """How many different files were added."""
        return len(self._by_bytes)

    def add(self, key: Key, sha256: str, fingerprint: int) -> None:
        """From now on it is found. Of several with the same bytes, or the same fingerprint, the first one is."""
        if sha256 in self._by_bytes:
            return
        self._by_bytes[sha256] = key
        if fingerprint == FLAT or fingerprint in self._by_look:
            return
        self._by_look[fingerprint] = (len(self._by_look), key)
        for place in enumerate(quarters(fingerprint)):
            self._by_quarter.setdefault(place, []).append(fingerprint)

    def find(self, sha256: str, fingerprint: int) -> Match[Key] | None:
        """The picture with the same bytes; else the nearest that looks alike, of equally near ones the first added."""
        if sha256 in self._by_bytes:
            return Match(self._by_bytes[sha256], exact=True, bits=0)
        return next(iter(self.alike(fingerprint)), None)

    def alike(self, fingerprint: int) -> list[Match[Key]]:
        """All that look alike, the nearest first, of equally near ones the first added; one for each fingerprint."""
        if fingerprint == FLAT:
            return []
        sharing = {other for place in enumerate(quarters(fingerprint)) for other in self._by_quarter.get(place, ())}
        near = [
            (bits, *self._by_look[other])
            for other in sharing
            if (bits := differing_bits(fingerprint, other)) <= MOST_BITS
        ]
        near.sort(key=lambda found: found[:2])  # keys need not be sortable
        return [Match(key, exact=False, bits=bits) for bits, _, key in near]
