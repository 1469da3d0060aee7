"""The words of a sheet in English, for whoever has no others: the command line, and letters that no font here has.

The bot says the same in several languages; a test holds its English to this.
"""

from collections.abc import Mapping

from review.phrases import percent

_TEXTS: Mapping[str, str] = {
    "sheet-headline-unknown": "A kind of picture that it does not know",
    "sheet-headline-sure": "It sees: {label} ({confidence} sure)",
    "sheet-headline-perhaps": "Perhaps: {label} ({confidence} sure)",
    "sheet-outcome-alone": "The bot answers such a photo alone.",
    "sheet-outcome-unlike": "A person would look at such a photo, because the photo is unlike those it learnt from.",
    "sheet-outcome-unsure": "A person would look at such a photo, because it is not sure enough.",
    "sheet-outcome-both": (
        "A person would look at such a photo, because the photo is unlike those it learnt from and it is not "
        "sure enough."
    ),
    "sheet-where-heading": "Where it looked",
    "sheet-where-nothing": (
        "No part of the photo spoke for “{label}”: it is only the least unlikely of the kinds that it knows."
    ),
    "sheet-where-unlike": "The warm parts reminded it of “{label}”; it must choose among the kinds it knows.",
    "sheet-where": "The warm parts of the photo spoke for “{label}”; the grey parts did not.",
    "sheet-sure-heading": "How sure it is",
    "sheet-sure-nothing": (
        "At present it answers nothing alone: too few photos were checked by people to know when it may."
    ),
    "sheet-sure-unlike": (
        "This tells only which of the kinds that it knows comes closest, not whether it is any of them."
    ),
    "sheet-sure-reached": "It answers alone if a bar reaches the red line ({threshold}). This one does.",
    "sheet-sure-missed": (
        "It answers alone if a bar reaches the red line ({threshold}). None does, so a person decides."
    ),
    "sheet-else-heading": "What another network sees",
    "sheet-else": "A network that was taught 1000 other kinds of things sees: {name}.",
    "sheet-else-perhaps": (
        "A network that was taught 1000 other kinds of things is not sure what it sees, perhaps: {name}."
    ),
    "sheet-strange-heading": "Does it know this kind of picture?",
    "sheet-strange": (
        "The further right, the stranger. This photo lies beyond the line, away from the photos that it "
        "learnt from: it does not guess, it asks a person."
    ),
    "sheet-familiar": (
        "The further right, the stranger. This photo lies among those that it learnt from: {stranger} of "
        "them are stranger than this one."
    ),
    "sheet-scale-asks": "from here on it asks a person",
    "sheet-scale-grey": "grey: the photos that it learnt from",
    "sheet-scale-photo": "this photo",
    "sheet-scale-photo-far": "this photo, far outside",
    "sheet-alike-heading": "Photos that look similar to it",
    "sheet-alike-none": "There are no freely licensed photos of these kinds here that could be shown for comparison.",
    "sheet-alike-hardly": "None of the freely licensed photos looks like it; these come closest.",
    "sheet-alike": "The freely licensed photos that look most like it; nobody's own photos are shown here.",
    "sheet-neighbour": "{label}, {likeness}",
    "sheet-likeness-scene": "the same scene",
    "sheet-likeness-very": "very alike",
    "sheet-likeness-alike": "alike",
    "sheet-likeness-little": "a little alike",
    "sheet-likeness-hardly": "hardly alike",
    "sheet-percent": "{share}",
    "sheet-model": "Explained by the model {version}",
}


class English:
    """`ENGLISH("sheet-where", label="black")`; `texts` are all there are, by message."""

    texts = _TEXTS

    def __call__(self, message: str, /, **values: str | float) -> str:
        """The words of a message; shares (0..1) are said in percent. Raises `KeyError` for what there is not."""
        said = {name: percent(value) if isinstance(value, float) else value for name, value in values.items()}
        return self.texts[message].format(**said)

    def label(self, label: str) -> str:
        """Labels have no other names here."""
        return label


ENGLISH = English()
