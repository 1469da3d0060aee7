"""What a model's promise rests on, in the reader's language. Its card words it in English, in one of a few forms."""

import re

from bot.catalogue import Catalogue

# As `model.calibration_sample` writes them; a test holds these to it.
_MIX = re.compile(
    r"(?P<subject>\d+)% of what arrives are photos like the training photos"
    r"(?:(?:,| and) (?P<far>\d+)% are pictures of something else)?"
    r"(?:(?:,| and) (?P<near>\d+)% only look like the subject)?"
    r", of sorts like those that it was tried on; answers to those count as wrong"
)
_SUBJECT_ALONE = re.compile(
    r"all that arrives are photos like the training photos; the model was tried on nothing else "
    r"\(train it with --near and --far\)"
)
_TRAFFIC = re.compile(
    r"what arrives is like the (?P<count>\d+) photos, one of each sender, that were drawn from all that arrived before "
    r"and judged by people"
)


def assumed(words: Catalogue, assumption: str) -> str:
    """The assumption as sentences; one that is worded otherwise (by another version, by hand) is quoted as it is."""
    if found := _MIX.fullmatch(assumption):
        far, near = (int(found[kind] or 0) / 100 for kind in ("far", "near"))
        others = "both" if far and near else "far" if far else "near"
        return words("stats-assumed-mix", subject=int(found["subject"]) / 100, others=others, far=far, near=near)
    if _SUBJECT_ALONE.fullmatch(assumption):
        return words("stats-assumed-alone")
    if found := _TRAFFIC.fullmatch(assumption):
        return words("stats-assumed-traffic", count=int(found["count"]))
    condition, *remarks = assumption.replace("%", " %").split("; ")
    return " ".join(
        [words("stats-assumption", assumption=condition), *(f"{remark[:1].upper()}{remark[1:]}." for remark in remarks)]
    )
