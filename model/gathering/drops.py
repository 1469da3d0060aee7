"""Why a picture that a source offered is not in the data set."""

from enum import StrEnum

from model.errors import GatheringError, ImageProblem


class DropReason(StrEnum):
    """Stored and counted by value; in the order in which a picture meets them."""

    LICENCE = "licence"  # not among those asked for
    ADDRESS = "address"  # not http(s), or it leads into a private network
    DEAD_LINK = "dead_link"  # there is nothing any more, or nobody may have it
    NETWORK = "network"  # no whole answer came after all retries; another time it may
    TOO_LARGE = "too_large"  # bytes
    TOO_SLOW = "too_slow"
    NOT_A_PICTURE = "not_a_picture"  # by its content, whatever its name says
    DAMAGED = "damaged"
    TOO_SMALL = "too_small"  # pixels
    TOO_MANY_PIXELS = "too_many_pixels"
    DUPLICATE = "duplicate"  # the same bytes are there already
    NEAR_DUPLICATE = "near_duplicate"  # the same picture is there already, smaller or compressed again
    TEST_SET = "test_set"  # it would be learnt from and tested with


_BY_PROBLEM = {
    ImageProblem.EMPTY: DropReason.NOT_A_PICTURE,
    ImageProblem.NOT_AN_IMAGE: DropReason.NOT_A_PICTURE,
    ImageProblem.DAMAGED: DropReason.DAMAGED,
    ImageProblem.TOO_MANY_BYTES: DropReason.TOO_LARGE,
    ImageProblem.TOO_MANY_PIXELS: DropReason.TOO_MANY_PIXELS,
    ImageProblem.TOO_SMALL: DropReason.TOO_SMALL,
}


def reason_of(problem: ImageProblem) -> DropReason:
    """Why bytes that could not be decoded are dropped."""
    return _BY_PROBLEM[problem]


class DownloadRefused(GatheringError):
    """One picture cannot be had, or is not wanted; others may be. Its text names the host, never a whole address.

    `status`: the HTTP status that its host answered with, None if that is not the reason.
    """

    def __init__(self, reason: DropReason, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
