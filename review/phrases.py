"""Figures and times as people read them; in other languages than English, `bot.catalogue` has the words."""


def percent(share: float) -> str:
    """0..1 as a person says it; never a certainty that no model has."""
    bound, figure = whole_percent(share)
    return {-1: "under ", 0: "", 1: "over "}[bound] + f"{figure} %"


def whole_percent(share: float) -> tuple[int, int]:
    """0..1 as a bound (1: more than, -1: less than, 0: about) and a figure of 1..99."""
    if share > 0.99:
        return 1, 99
    return (-1, 1) if share < 0.01 else (0, int(f"{share:.0%}".removesuffix("%")))


def one_line(text: str) -> str:
    """What people typed, without what would steer the terminal of whoever reads it."""
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def counted(number: int, thing: str) -> str:
    """So many of a thing: "1 photo", "1200 photos"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """A waiting time in the largest unit that fits."""
    unit, count = largest_unit(seconds)
    return f"{count} {unit}{'s' if count > 1 else ''}" if count else "less than a minute"


def largest_unit(seconds: float) -> tuple[str, int]:
    """The unit (day, hour, minute; moment if it is less than one) and how many of them."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            return unit, int(seconds // length)
    return "moment", 0
