"""One small picture of every kind that people send: python tests/model/image_corpus.py FOLDER PHOTO..."""

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pillow_heif
from PIL import Image, ImageCms, TiffImagePlugin

SIDE = (240, 176)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of the file that Pillow makes of `picture`."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def write_corpus(folder: Path, photos: list[bytes]) -> None:
    """One small file of every kind of picture, made of `photos` in turn."""
    pillow_heif.register_heif_opener()
    small = []
    for data in photos:
        with Image.open(io.BytesIO(data)) as photo:
            small.append(photo.convert("RGB").resize(SIDE))
    for number, (name, data) in enumerate(_kinds(small)):
        (folder / f"{number:02}-{name}").write_bytes(data)


def _kinds(photos: list[Image.Image]) -> Iterator[tuple[str, bytes]]:
    one, two, three = photos[0], photos[1 % len(photos)], photos[2 % len(photos)]
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a secret place"
    exif.get_ifd(0x8825)[2] = (57.0, 30.0, 1.5)
    clear = two.copy()
    clear.putalpha(three.convert("L"))
    deep = Image.frombytes("I;16", SIDE, b"".join(value.to_bytes(2, "little") for value in range(SIDE[0] * SIDE[1])))
    film = {"save_all": True, "append_images": [two, three], "duration": 40}
    lab = ImageCms.profileToProfile(
        one, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None  # it is None only in place
    full = {"exif": exif, "icc_profile": profile}
    yield "plain.jpg", saved(one, "JPEG", quality=85)
    yield "full.jpg", saved(two, "JPEG", comment=b"secret", **full)
    yield "progressive.jpg", saved(three, "JPEG", progressive=True, subsampling=0, **full)
    yield "cmyk.jpg", saved(one.convert("CMYK"), "JPEG", exif=exif)
    yield "cmyk-progressive.jpg", saved(two.convert("CMYK"), "JPEG", progressive=True)
    yield "grey.jpg", saved(one.convert("L"), "JPEG")
    yield "restarts.jpg", saved(one, "JPEG", restart_marker_rows=1)
    yield "two.mpo", saved(one, "MPO", save_all=True, append_images=[two])
    yield "rgb.png", saved(one, "PNG", **full)
    yield "alpha.png", saved(clear, "PNG", **full)
    yield "palette.png", saved(two.quantize(200), "PNG", transparency=bytes(range(200)))
    yield "bits.png", saved(three.convert("1"), "PNG")
    yield "deep.png", saved(deep, "PNG")
    yield "grey-alpha.png", saved(clear.convert("LA"), "PNG")
    yield "animated.png", saved(one, "PNG", **film)
    yield "lossy.webp", saved(one, "WEBP", **full)
    yield "lossless.webp", saved(two.quantize(60).convert("RGB"), "WEBP", lossless=True)
    yield "alpha.webp", saved(clear, "WEBP")
    yield "animated.webp", saved(one, "WEBP", **film)
    yield "plain.gif", saved(two, "GIF", comment=b"secret")
    yield "see-through.gif", saved(two.quantize(64), "GIF", transparency=3, interlace=1)
    yield "animated.gif", saved(one, "GIF", **film)
    yield "rgb.bmp", saved(one, "BMP")
    yield "palette.bmp", saved(one.quantize(16), "BMP")
    yield "bits.bmp", saved(one.convert("1"), "BMP")
    yield "raw.tif", saved(one, "TIFF", **full)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits", "lzma", "zstd"):
        yield f"{compression}.tif", saved(one, "TIFF", compression=compression, tiffinfo=_strips())
    yield "fax.tif", saved(one.convert("1"), "TIFF", compression="group4")
    yield "deep.tif", saved(deep, "TIFF", compression="tiff_lzw")
    yield "float.tif", saved(one.convert("F"), "TIFF")
    yield "cmyk.tif", saved(one.convert("CMYK"), "TIFF", compression="tiff_lzw")
    yield "lab.tif", saved(lab, "TIFF")
    yield "alpha.tif", saved(clear, "TIFF", compression="tiff_adobe_deflate")
    yield "pages.tif", saved(one, "TIFF", save_all=True, append_images=[two])
    yield "plain.heic", saved(one, "HEIF", quality=60)
    yield "full.heic", saved(two, "HEIF", quality=60, **full)
    yield "alpha.heic", saved(clear, "HEIF", quality=60)
    yield "tiles.heic", saved(three, "HEIF", quality=60, tile_size=64)
    yield "plain.avif", saved(one, "AVIF", speed=10)
    yield "full.avif", saved(two, "AVIF", speed=10, subsampling="4:4:4", **full)
    yield "alpha.avif", saved(clear, "AVIF", speed=10)
    yield "animated.avif", saved(one, "AVIF", speed=10, **film)


def _strips() -> TiffImagePlugin.ImageFileDirectory_v2:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[TiffImagePlugin.ROWSPERSTRIP] = 16
    return tags


if __name__ == "__main__":
    write_corpus(Path(sys.argv[1]), [Path(name).read_bytes() for name in sys.argv[2:]])
