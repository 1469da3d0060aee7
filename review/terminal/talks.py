"""What is more than a key: the screen asks, or shows something above the photo."""

import asyncio

from review import near_duplicates
from review.errors import ReviewError
from review.tables import VerdictKind
from review.terminal.dialogues import Alone, Group, Notice, Question
from review.terminal.graphics import draw
from review.terminal.keys import Command
from review.terminal.naming import label_meant
from review.terminal.sitting import Sitting
from review.terminal.viewer import open_photo

_SHOWN = 9  # near-duplicates at once: as many as there are digits
_LONGEST_NOTE = 200
_LONGEST_NAME = 64


async def name_it(sitting: Sitting) -> None:
    """None of the labels: what is it?"""
    if (card := sitting.shown) is None or not sitting.may_name():
        return
    name = await _asked(
        sitting, Question("None of these. What does it show?", hint="polar bear", longest=_LONGEST_NAME)
    )
    if name is not None:
        sitting.answer(VerdictKind.NONE, free_name=name, card=card)


async def label_by_name(sitting: Sitting) -> None:
    """A label that has no key, or whose key nobody remembers."""
    if (card := sitting.shown) is None or not sitting.may_name():
        return
    labels = [one.label for one in sitting.keys.labels]
    typed = ""
    while (
        name := await _asked(sitting, Question("Which label?", value=typed, hint=labels[0], suggestions=labels))
    ) is not None:
        try:
            kind, label = label_meant(name, labels)
        except ReviewError as error:
            sitting.view.tell_wrong(str(error))
            typed = name
        else:
            sitting.answer(kind, label, card=card)
            return


async def show_group(sitting: Sitting) -> None:
    """The near-duplicates that are settled with it; what does not belong there is split off."""
    if (card := sitting.shown) is None:
        return
    if not card.members:
        sitting.view.tell("It has no near-duplicates that wait")
        return
    members = card.members[:_SHOWN]
    small = await sitting.in_thread(
        sitting.background,
        lambda: sitting.preparation.small(
            [(one.image_sha256, f"{number}") for number, one in enumerate(members, start=1)]
        ),
    )
    chosen = await sitting.push_screen_wait(Group(small, shown=len(members), count=len(card.members)))
    if chosen is None:
        return
    item_id = card.item.id if chosen == "all" else members[int(chosen)].item_id
    await asyncio.wrap_future(sitting.desk.do(lambda session, _: near_duplicates.split(session, item_id)))
    sitting.view.tell("All come by themselves now" if chosen == "all" else f"item {item_id} comes by itself now")
    await sitting.show_anew()


async def show_alone(sitting: Sitting) -> None:
    """The photo over the whole screen; from there into the reviewer's own viewer."""
    card = sitting.shown
    if card is None or (picture := card.picture) is None:
        return
    key = await sitting.push_screen_wait(
        Alone(
            lambda columns, rows: draw(
                picture, columns, rows, terminal=sitting.terminal, background=sitting.screen.background_colors[1]
            )
        )
    )
    if sitting.keys.command(key or "") is Command.OPEN and card.path is not None:
        problem = open_photo(card.path)
        if problem is None:
            sitting.view.tell("The photo is opened in your viewer")
        else:
            sitting.push_screen(Notice(f"{problem} The photo is\n\n{card.path}"))


async def reopen(sitting: Sitting) -> None:
    """An item that is settled, by its number; and why."""
    last = sitting.last_settled
    number = await _asked(
        sitting, Question("Which settled item is to be looked at once more?", value=str(last or ""), hint="number")
    )
    if number is None:
        return
    if not number.isdecimal() or not 1 <= int(number) < 2**63:
        sitting.tell_wrong(f"expected the number of an item, got {number!r}")
        return
    note = await _asked(
        sitting, Question(f"Why is item {number} opened again?", hint="the wrong bear", longest=_LONGEST_NOTE)
    )
    if note is not None:
        await sitting.reopen(int(number), note)


async def _asked(sitting: Sitting, question: Question) -> str | None:
    return await sitting.push_screen_wait(question)
