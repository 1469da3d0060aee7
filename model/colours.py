"""Pictures of any kind of pixel to RGB in sRGB, as a viewer would show them."""

import io
from typing import cast

from PIL import Image, ImageChops, ImageCms

_SIXTEEN_BITS = ("I", "I;16", "I;16B", "I;16L", "F")
_WITH_ALPHA = ("RGBA", "LA", "PA")
# Profiles of the colour space that we convert to differ from each other by rounding: no more than this of 255.
_SAME_COLOUR = 2
# Elements of multiProcessElements (ICC.1:2010, 10.14) may be thousands deep, each evaluated a hundred thousand times.
# No camera and no printer's profile has them.
_ENDLESS_PROFILE = b"mpet"
_CUBE_SIDE = 16


def to_rgb(picture: Image.Image) -> Image.Image:
    """A loaded picture of any mode as RGB in sRGB; see-through parts lie on white.

    A colour profile that is damaged, or of another kind than the pixels, is ignored: it costs some colour, not the
    photo. Raises what Pillow raises for a mode that it cannot convert.
    """
    profile = picture.info.get("icc_profile")
    if picture.mode == "LAB":
        return _transformed(picture, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "RGB")
    if picture.mode in _SIXTEEN_BITS:
        return _eight_bits(picture).convert("RGB")
    if picture.mode in _WITH_ALPHA or "transparency" in picture.info:
        # Cut-outs go onto white, as every viewer shows them; dropping alpha would uncover whatever lies beneath.
        layered = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        layered = _to_srgb(layered, profile, "RGBA")
        ground = Image.new("RGB", layered.size, "white")
        ground.paste(layered, mask=layered)
        return ground
    if picture.mode not in ("RGB", "CMYK", "L"):
        picture = picture.convert("RGB")  # palettes, black and white, YCbCr
    return _to_srgb(picture, profile, "RGB").convert("RGB")


def _eight_bits(picture: Image.Image) -> Image.Image:
    """16 bits and more: Pillow would clip to white instead of scaling."""
    # Big-endian ones have no extrema for Pillow.
    picture = picture.convert("I") if picture.mode == "I;16B" else picture
    _, high = cast(tuple[float, float], picture.getextrema())
    top = 65535.0 if high > 255 else 255.0
    return picture.convert("F").point(lambda value: value * (255.0 / top)).convert("L")


def _to_srgb(picture: Image.Image, profile: object, mode: str) -> Image.Image:
    """`picture` as its profile means it, in `mode`; unchanged without a profile that can be used."""
    if not isinstance(profile, bytes) or not profile or _ENDLESS_PROFILE in profile:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if picture.mode == "L" and space == "RGB":
            picture = picture.convert("RGB")
        if picture.mode in ("RGB", "RGBA") and _changes_nothing(source):
            return picture
        return _transformed(picture, source, mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # the promise of `to_rgb`


def _transformed(picture: Image.Image, source: ImageCms.ImageCmsProfile, mode: str) -> Image.Image:
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), picture.mode, mode)
    if picture.mode == mode:
        ImageCms.applyTransform(picture, transform, inPlace=True)  # a large picture once more would take 240 MB
        return picture
    converted = ImageCms.applyTransform(picture, transform)
    assert converted is not None  # it is None only in place
    return converted


def _changes_nothing(source: ImageCms.ImageCmsProfile) -> bool:
    """Whether it is sRGB under whatever name: most profiles are, and converting costs more than decoding a JPEG."""
    cube = _colour_cube()
    transform = ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    converted = ImageCms.applyTransform(cube, transform)
    assert converted is not None  # it is None only in place
    bands = cast(tuple[tuple[int, int], ...], ImageChops.difference(cube, converted).getextrema())
    return max(high for _, high in bands) <= _SAME_COLOUR


def _colour_cube() -> Image.Image:
    """16 x 16 x 16 colours all over RGB."""
    levels = [round(step * 255 / (_CUBE_SIDE - 1)) for step in range(_CUBE_SIDE)]
    colours = bytes(value for red in levels for green in levels for blue in levels for value in (red, green, blue))
    return Image.frombytes("RGB", (_CUBE_SIDE**2, _CUBE_SIDE), colours)
