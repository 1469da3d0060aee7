"""Whether a picture is fit to learn from: sharp, neither dark nor bright all over, not blank, large enough."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 256  # pixels: about what the bundled networks look at (240 to 260); a blur that goes away there does no harm
_STRONGEST = 99.5  # per cent: one edge of the subject is enough, however soft the ground behind it


class Flaw(StrEnum):
    """What may make a picture unfit."""

    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"
    BLANK = "blank"
    TINY = "tiny"
    NARROW = "narrow"


@dataclass(frozen=True)
class Quality:
    """What is measured of a picture.

    `sharpness`: how abruptly its strongest edges begin and end, along the worse of both axes; 0 none, 1 a step, 2 a
    line one pixel wide. `darkest` and `brightest`: 5 % of it are darker, 5 % brighter than this, 0..255. `contrast`:
    standard deviation of its brightness, 0..128. `shorter` side in pixels, `elongation`: longer over shorter side.
    """

    sharpness: float
    darkest: float
    brightest: float
    contrast: float
    shorter: int
    elongation: float


@dataclass(frozen=True)
class QualityThresholds:
    """From where on a flaw is worth a look.

    Chosen on 777 photos of bears from image searches, of which none is flagged, for none has a flaw. Of 1,001 other
    pictures (clip-art, textures, screenshots, camera traps at night) 44 are.
    """

    # Bears: 0.72 at least, 1.12 in the middle. A Gaussian blur of 2.5 pixels (of 512) leaves 0.68 at most, so does
    # enlarging thumbnails of 80 pixels; of photos smeared over 9 pixels nine in ten have less than this. Photos with a
    # sharp subject before a soft ground have more: 97 of 100 with all but the middle blurred by 6 pixels.
    least_sharpness: float = 0.65
    least_brightest: float = 70  # bears: 90 at least, of a black one before black; photos of a night have 39 to 74
    most_darkest: float = 190  # bears: 174 at most, of a white teddy before white
    least_contrast: float = 8  # bears: 19 at least; single colours have 0, a speck on white 7
    least_shorter: int = 96  # pixels; bears: 249 at least. Below it a network sees a third of the detail that it could
    most_elongation: float = 3  # bears: 2.6 at most. Training squeezes photos into a square


DEFAULT_THRESHOLDS = QualityThresholds()


def measure(picture: Image.Image, size: tuple[int, int]) -> Quality:
    """Measure an RGB picture; `size` (width, height) is its own, before it was decoded to a smaller one."""
    scale = min(_SIDE / max(picture.size), 1)
    small = (max(round(picture.width * scale), 3), max(round(picture.height * scale), 3))
    grey = picture.convert("L").resize(small, Image.Resampling.BILINEAR, reducing_gap=2.0)
    light = np.asarray(grey, dtype=np.int16)  # (h, w), 0..255; differences fit, too
    return Quality(
        sharpness=min(_sharpness(light), _sharpness(light.T)),
        darkest=_percentile(light, 5),
        brightest=_percentile(light, 95),
        contrast=float(light.std()),
        shorter=min(size),
        elongation=max(size) / max(min(size), 1),
    )


def flaws(*, quality: Quality, thresholds: QualityThresholds = DEFAULT_THRESHOLDS) -> Iterator[tuple[Flaw, str]]:
    """Each flaw with what was measured, in words. What is blank is not called blurred, dark or bright too."""
    if quality.contrast < thresholds.least_contrast:
        yield Flaw.BLANK, f"there is next to nothing on it (contrast {quality.contrast:.0f} of 128)"
    else:
        if quality.sharpness < thresholds.least_sharpness:
            yield Flaw.BLURRED, f"its sharpest edges are soft (sharpness {quality.sharpness:.2f}; good photos have 0.8)"
        if quality.brightest < thresholds.least_brightest:
            yield Flaw.DARK, f"19 of 20 parts of it are darker than {quality.brightest:.0f} of 255"
        if quality.darkest > thresholds.most_darkest:
            yield Flaw.BRIGHT, f"19 of 20 parts of it are brighter than {quality.darkest:.0f} of 255"
    if quality.shorter < thresholds.least_shorter:
        yield Flaw.TINY, f"its shorter side has {quality.shorter} pixels"
    if quality.elongation > thresholds.most_elongation:
        yield Flaw.NARROW, f"one side is {quality.elongation:.1f} times as long as the other"


def _sharpness(light: NDArray[np.int16]) -> float:
    """Along the columns of (h, w): the strongest second differences over the strongest first ones.

    Their ratio is free of contrast: a photo in fog or of the night is as sharp as its edges are. Blurring by sigma
    pixels spreads an edge and divides it by about sigma.
    """
    steps = np.diff(light, axis=0)
    strongest = _percentile(np.abs(steps), _STRONGEST)
    return _percentile(np.abs(np.diff(steps, axis=0)), _STRONGEST) / max(strongest, 1.0)


def _percentile(values: NDArray[np.int16], share: float) -> float:
    """The nearest value: `np.percentile` sorts ten times as long to lie between two."""
    flat = values.ravel()
    place = round(share / 100 * (flat.size - 1))
    return float(np.partition(flat, place)[place])
