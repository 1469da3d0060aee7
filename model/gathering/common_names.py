"""Which of the living things that a source found is the one that was asked for."""

from collections.abc import Iterable, Sequence


def best_named(query: str, named: Sequence[Iterable[str]]) -> int | None:
    """Which entry of `named`, the names of one living thing each, is called `query`; None: none is.

    One that is called just so, else the first whose name ends so: an American black bear is a black bear, and a
    tobacco mosaic virus is no tobacco, nor a teapot plant a teapot. Upper case and a plural make no difference.
    """
    asked = _words(query)
    called = [[_words(name) for name in names] for names in named]
    if not asked:
        return None
    just_so = (place for place, names in enumerate(called) if asked in names)
    in_the_end = (place for place, names in enumerate(called) if asked in [words[-len(asked) :] for words in names])
    return next(just_so, next(in_the_end, None))


def _words(name: str) -> list[str]:
    words = name.casefold().replace("-", " ").split()
    if words and not words[-1].endswith("ss"):
        words[-1] = words[-1].removesuffix("s")
    return words
