"""Licences by their standard names, read from what sources write."""

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
    OTHER = "other"  # a licence is named, and it is none of these
    UNKNOWN = "unknown"  # nothing is said, or all rights are reserved


# May be used, changed and passed on by anybody, for money too: what training and publishing a data set need.
REUSABLE = frozenset({Licence.CC0, Licence.PDM, Licence.BY, Licence.BY_SA})
