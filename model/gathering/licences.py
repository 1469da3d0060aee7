"""Licences by their standard names, read from what sources write."""

import re
from enum import StrEnum


class Licence(StrEnum):
    """SPDX-like, without versions: which version a picture has stands behind `licence_url`."""

    CC0 = "cc0"
    PDM = "pdm"  # public domain mark, and works of public domain otherwise
    BY = "by"
    BY_SA = "by-sa"
    BY_ND = "by-nd"
    BY_NC = "by-nc"
    BY_NC_SA = "by-nc-sa"
    BY_NC_ND = "by-nc-nd"
    FREE = "free"  # said to be free to use, change and sell, by none said to be which: Bing's filter tells no more
    OTHER = "other"  # a licence is named, and it is none of these
    UNKNOWN = "unknown"  # nothing is said, or all rights are reserved


# May be used, changed and passed on by anybody, for money too: what training and publishing a data set need.
REUSABLE = frozenset({Licence.CC0, Licence.PDM, Licence.BY, Licence.BY_SA, Licence.FREE})

# What is read. Texts come casefolded, with "-" for white space, underscores and dashes of all kinds.
_SEPARATORS = re.compile(r"[\s_\u2010-\u2015\u2212-]+")
_ELEMENTS = r"by(?:[-/+,&(]*(?:\d[\d.]*[-,(]*)?(?:nc|nd|sa))*"  # "CC BY 4.0 (NC)" too
_BARE = re.compile(rf"(?:{_ELEMENTS}|cc0|pdm?)(?:-\d+(?:[.-]\d+)?)?")
_CODE = re.compile(rf"(?<![a-z0-9])cc-?({_ELEMENTS})(?![a-z])")
_ZERO = re.compile(r"(?<![a-z0-9])(?:cc-?|creative-commons-)(?:0|zero)(?![a-z0-9])|no-rights-reserved")
_PUBLIC = re.compile(r"public-?domain|(?<![a-z0-9])(?:pdm|pd)(?![a-z0-9])")
_NOT_PUBLIC = re.compile(r"(?<![a-z])(?:not|non|isn't)-.*public-?domain")
_ADDRESS = re.compile(r"creativecommons\.org/(licen[sc]es|publicdomain)/([a-z+-]+)")
_NAME = re.compile(r"creative-commons|(?<![a-z0-9])cc(?![a-z0-9])")
_WORDS = {
    "by": re.compile(r"attribution"),
    "nc": re.compile(r"non-?commercial|(?:no|not-for)-commercial"),
    "nd": re.compile(r"no-?deriv"),
    "sa": re.compile(r"share-?alike"),
}
_RESERVED = re.compile(r"all-rights-reserved|rightsstatements\.org/vocab/inc")
_NOTHING_SAID = re.compile(r"|[()\[\]?.-]+|unknown|unspecified|unsupported|none|null|n/a|not-specified|in-copyright")
_COPYRIGHT = re.compile(r"(?:©|\(c\)|copyright)")


def licence_of(text: str | None) -> Licence:
    """The licence that `text` names: a code ("by-sa", "CC_BY_NC_4_0"), a name, or the address of a licence.

    Of several Creative Commons licences it is the one that asks for all that any of them asks for, since `text` may
    speak of several things: a picture is never taken for freer than some part of its text says. "All rights reserved"
    outweighs whatever else is said. Which of other licences it is makes no difference here (`OTHER`).
    """
    said = _SEPARATORS.sub("-", (text or "").strip().casefold()).strip("-")
    if _NOTHING_SAID.fullmatch(said) or _RESERVED.search(said):
        return Licence.UNKNOWN
    if _BARE.fullmatch(said):  # "by" alone is a licence, and in "a photo by Ana" it is none
        return _of_codes([said])
    codes = [*_addresses(said), *_CODE.findall(said), *_names(said)]
    if _ZERO.search(said):
        codes.append("cc0")
    if _PUBLIC.search(said):
        codes.append("?" if _NOT_PUBLIC.search(said) else "pdm")
    if codes:
        return _of_codes([*codes, *_demands(said)])
    return Licence.UNKNOWN if _COPYRIGHT.match(said) else Licence.OTHER


def _addresses(said: str) -> list[str]:
    """Codes of the Creative Commons addresses in `said`; "?" for their licences that are none of ours."""
    codes = []
    for kind, code in _ADDRESS.findall(said):
        if kind == "publicdomain":
            codes.append({"zero": "cc0", "mark": "pdm", "certification": "pdm"}.get(code.strip("-"), "?"))
        else:
            codes.append({"publicdomain": "pdm"}.get(code, code if code.startswith("by") else "?"))
    return codes


def _names(said: str) -> list[str]:
    """The code of a licence that is named in words; "?" where Creative Commons is named without saying which."""
    if not _NAME.search(said):
        return []
    elements = [element for element, word in _WORDS.items() if word.search(said)]
    if "by" in elements:
        return ["-".join(elements)]
    return ["?"] if not (_CODE.search(said) or _ZERO.search(said) or _ADDRESS.search(said)) else []


def _demands(said: str) -> list[str]:
    """What is asked for in words besides a code or a name: "CC BY NonCommercial", "CC0, not for commercial use"."""
    return [f"by-{element}" for element, word in _WORDS.items() if element != "by" and word.search(said)]


def _of_codes(codes: list[str]) -> Licence:
    """The licence that asks for whatever one of `codes` asks for."""
    if "?" in codes:
        return Licence.OTHER
    elements = {element for code in codes for element in re.findall(r"by|nc|nd|sa", code)}
    if not elements:
        return Licence.CC0 if any(code.startswith("cc0") for code in codes) else Licence.PDM
    if "nd" in elements:
        elements.discard("sa")  # where nothing may be changed, there is nothing to share alike
    return Licence("-".join(element for element in ("by", "nc", "nd", "sa") if element in elements))
