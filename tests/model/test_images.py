"""Untrusted bytes: a picture or an `ImageError`, never anything else, in bounded time and memory."""

import io
import os
import struct
import threading
import time
import warnings
import zlib

import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from model.errors import ImageError, ImageProblem
from model.images import SUFFIXES, ImageLimits, container_of, decode, encode, files_in, read_photo

GREEN = (40, 160, 60)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def close(one: tuple[int, ...], other: tuple[int, ...], by: int = 12) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one, other, strict=True))


def problem_of(data: bytes, **limits: int) -> ImageProblem:
    with pytest.raises(ImageError) as caught:
        decode(data, ImageLimits(**limits))
    return caught.value.problem


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "MPO"])
def test_every_accepted_format_gives_its_colours(kind: str) -> None:
    pillow_heif.register_heif_opener()
    picture = decode(saved(Image.new("RGB", (64, 48), GREEN), kind))
    assert (picture.mode, picture.size) == ("RGB", (64, 48))
    assert close(picture.getpixel((30, 20)), GREEN)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF", "MPO"])
def test_of_every_accepted_format_a_file_is_named_so_that_training_finds_it(kind: str) -> None:
    pillow_heif.register_heif_opener()
    container = container_of(saved(Image.new("RGB", (64, 48), GREEN), kind))
    assert (container.width, container.height) == (64, 48)
    assert container.suffix in SUFFIXES
    assert container.suffix[1:3] == {"JPEG": "jp", "MPO": "jp", "HEIF": "he"}.get(kind, kind[:2].lower())


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG", "AVIF"])
def test_of_an_animation_with_many_frames_the_first_counts(kind: str) -> None:
    frames = [Image.new("RGB", (32, 32), (0, i % 200, 0)) for i in range(50)]
    data = saved(Image.new("RGB", (32, 32), (200, 0, 0)), kind, save_all=True, append_images=frames)
    assert close(decode(data).getpixel((16, 16)), (200, 0, 0))


@pytest.mark.parametrize(
    ("mode", "colour", "kind", "expected"),
    [
        ("CMYK", (255, 0, 0, 0), "JPEG", (0, 255, 255)),
        ("L", 90, "PNG", (90, 90, 90)),
        ("1", 1, "PNG", (255, 255, 255)),
        ("LA", (10, 0), "PNG", (255, 255, 255)),
        ("RGBA", (200, 0, 0, 255), "PNG", (200, 0, 0)),
        ("RGBA", (200, 0, 0, 0), "WEBP", (255, 255, 255)),
        ("RGBA", (0, 0, 0, 128), "PNG", (127, 127, 127)),
        ("I;16", 32768, "PNG", (127, 127, 127)),
        ("I;16", 32768, "TIFF", (127, 127, 127)),
        ("I;16B", 32768, "TIFF", (127, 127, 127)),
        ("I", 65535, "TIFF", (255, 255, 255)),
        ("F", 100.0, "TIFF", (100, 100, 100)),
        ("YCbCr", (128, 128, 128), "JPEG", (128, 128, 128)),
    ],
)
def test_every_kind_of_pixel_becomes_what_a_viewer_shows(
    mode: str, colour: object, kind: str, expected: tuple[int, int, int]
) -> None:
    picture = Image.new(mode, (20, 20), colour)  # type: ignore[arg-type] # each mode has its kind of colour
    assert close(decode(saved(picture, kind)).getpixel((10, 10)), expected, by=3)


def test_a_palette_with_transparency_lies_on_white() -> None:
    palette = Image.new("P", (20, 20), 0)
    palette.putpalette([9, 9, 9, 200, 0, 0])
    palette.paste(1, (0, 0, 10, 20))
    picture = decode(saved(palette, "PNG", transparency=0))
    assert picture.getpixel((5, 5)) == (200, 0, 0)
    assert picture.getpixel((15, 5)) == (255, 255, 255)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(orientation: int) -> None:
    """The white corner of the scene is at the top left however the camera was held."""
    upright = Image.new("RGB", (40, 24), "black")
    upright.paste("white", (0, 0, 10, 10))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    taken = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = decode(saved(taken, "JPEG", exif=exif, quality=95))
    assert picture.size == (40, 24)
    assert close(picture.getpixel((3, 3)), (255, 255, 255))
    assert close(picture.getpixel((36, 20)), (0, 0, 0))
    again = decode(encode(picture))
    assert again.size == (40, 24)


@pytest.mark.parametrize(
    "exif", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0II*\0\x08\0\0\0\xff\xff" * 20]
)
def test_hostile_exif_costs_nothing_but_itself(exif: bytes) -> None:
    assert decode(saved(Image.new("RGB", (16, 16), GREEN), "JPEG", exif=exif)).size == (16, 16)


def test_a_damaged_colour_profile_costs_no_photo() -> None:
    assert decode(saved(Image.new("RGB", (16, 16), GREEN), "JPEG", icc_profile=b"nonsense" * 40)).size == (16, 16)


def test_a_colour_profile_is_converted_to_srgb() -> None:
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert close(decode(saved(Image.new("RGB", (16, 16), GREEN), "PNG", icc_profile=lab)).getpixel((5, 5)), GREEN, by=2)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", ImageProblem.EMPTY),
        (b"I am a letter, not a photo.", ImageProblem.NOT_AN_IMAGE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", ImageProblem.NOT_AN_IMAGE),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ImageProblem.NOT_AN_IMAGE),
        (b"\0" * 5000, ImageProblem.NOT_AN_IMAGE),
    ],
)
def test_what_is_no_picture_is_called_so(data: bytes, problem: ImageProblem) -> None:
    assert problem_of(data) is problem


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF"])
def test_a_picture_cut_off_anywhere_is_refused(kind: str) -> None:
    noise = Image.effect_noise((64, 64), 90).convert("RGB")
    data = saved(noise, kind)
    assert problem_of(data[: len(data) // 2]) in (ImageProblem.DAMAGED, ImageProblem.NOT_AN_IMAGE)


def test_limits_are_checked_before_anything_is_decoded() -> None:
    picture = saved(Image.new("RGB", (100, 100)), "PNG")
    assert problem_of(picture, max_bytes=len(picture) - 1) is ImageProblem.TOO_MANY_BYTES
    assert problem_of(picture, max_pixels=9_999) is ImageProblem.TOO_MANY_PIXELS
    assert problem_of(picture, min_side=101) is ImageProblem.TOO_SMALL
    assert decode(picture, ImageLimits(max_bytes=len(picture), max_pixels=10_000, min_side=100)).size == (100, 100)


def png_claiming(width: int, height: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def gif_with_a_frame_larger_than_its_screen() -> bytes:
    screen = b"GIF89a" + struct.pack("<HHBBB", 10, 10, 0, 0, 0)
    return screen + b"\x2c" + struct.pack("<HHHHB", 0, 0, 60_000, 60_000, 0) + b"\x02\x02\x4c\x01\0;"


def tiff_with_huge_tiles(side: int) -> bytes:
    """64 x 64 pixels, kept in one tile that unpacks to `side` x `side`."""
    content = zlib.compress(b"\0" * 1000)
    entries = [(256, 64), (257, 64), (258, 8), (259, 8), (262, 1), (277, 1), (322, side), (323, side)]
    entries += [(324, 8 + 2 + 12 * 10 + 4), (325, len(content))]
    tags = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + tags + struct.pack("<I", 0) + content


@pytest.mark.parametrize(
    "data",
    [
        png_claiming(8_000, 8_000),
        png_claiming(100_000, 100_000),
        png_claiming(2**31 - 1, 2**31 - 1),
        gif_with_a_frame_larger_than_its_screen(),
        tiff_with_huge_tiles(20_000),
    ],
    ids=["64 megapixels", "10 gigapixels", "overflow", "gif frame", "tiff tile"],
)
def test_bombs_are_refused_by_what_they_claim(data: bytes) -> None:
    assert problem_of(data) is ImageProblem.TOO_MANY_PIXELS


def progressive_with_scans(extra: int) -> bytes:
    data = saved(Image.effect_noise((64, 64), 90), "JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + last * extra + data[-2:]


def test_a_progressive_jpeg_of_endless_scans_is_refused() -> None:
    """Each scan of 100 bytes would cost a pass over all the pixels: hours, for 20 MB and 60 megapixels."""
    assert decode(progressive_with_scans(5)).size == (64, 64)
    assert problem_of(progressive_with_scans(500)) is ImageProblem.DAMAGED


def test_a_film_behind_a_photo_is_no_reason_to_refuse_it() -> None:
    """Phones append a video to the JPEG; its bytes may look like any number of scans."""
    photo = saved(Image.new("RGB", (64, 64), GREEN), "JPEG")
    assert decode(photo + b"\xff\xda\0\x04xx" * 5000).size == (64, 64)


def many_pieces(kind: str) -> bytes:
    data = saved(Image.new("RGB", (64, 64), GREEN), kind)
    if kind == "JPEG":
        return data[:2] + b"\xff\xfe\0\2" * 2_000_000 + data[2:]
    piece = struct.pack(">I", 0) + b"abCd" + struct.pack(">I", zlib.crc32(b"abCd"))
    return data[:33] + piece * 1_000_000 + data[33:]


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_millions_of_tiny_pieces_are_refused_soon(kind: str) -> None:
    data = many_pieces(kind)
    begin = time.process_time()
    assert problem_of(data) is ImageProblem.DAMAGED
    assert time.process_time() - begin < 1.0


def test_a_very_long_narrow_picture_is_a_picture() -> None:
    assert decode(saved(Image.new("RGB", (65_000, 8)), "PNG")).size == (65_000, 8)


def test_decoding_in_threads_leaves_the_warning_filters_alone() -> None:
    """`catch_warnings` swaps the filters of the whole process: two threads at once can leave the wrong ones behind."""
    data = saved(Image.new("RGB", (300, 300)), "PNG")
    decode(data)
    before = list(warnings.filters)
    threads = [threading.Thread(target=lambda: [decode(data) for _ in range(40)]) for _ in range(8)]
    seen = []
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen.append(list(warnings.filters) == before)
    assert all(seen)
    assert list(warnings.filters) == before


SAMPLES = [
    saved(Image.effect_noise((24, 24), 90).convert(mode), kind)
    for kind, mode in [
        ("JPEG", "RGB"),
        ("JPEG", "CMYK"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("GIF", "P"),
        ("WEBP", "RGB"),
        ("TIFF", "RGB"),
        ("BMP", "RGB"),
        ("AVIF", "RGB"),
    ]
]


@given(st.binary(max_size=2000))
@settings(max_examples=60, deadline=None)
def test_arbitrary_bytes_raise_only_image_errors(data: bytes) -> None:
    with pytest.raises(ImageError):
        decode(data)


def decodes_or_refuses(sample: bytes, edits: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(sample)
    for place, value in edits:
        data[place % len(data)] = value
    try:
        picture = decode(bytes(data[: len(data) - cut]))
    except ImageError:
        return
    assert picture.mode == "RGB"
    encode(picture)


MUTATIONS = (
    st.sampled_from(SAMPLES),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=12),
    st.integers(0, 40),
)


@given(*MUTATIONS)
@settings(max_examples=250, deadline=None)
def test_mutated_pictures_decode_or_raise_image_errors(sample: bytes, edits: list[tuple[int, int]], cut: int) -> None:
    decodes_or_refuses(sample, edits, cut)


@pytest.mark.parametrize("size", [(65_501, 8), (8, 65_501)])
def test_what_is_too_long_to_be_stored_is_refused(size: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    Image.new("L", size).save(buffer, "PNG")
    assert problem_of(buffer.getvalue()) is ImageProblem.TOO_MANY_PIXELS


def test_every_file_of_a_folder_comes_sorted(tmp_path) -> None:
    for name in ("b.jpg", "a.txt", ".hidden", "deep/c.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    alone = tmp_path / "b.jpg"
    missing = tmp_path / "missing.jpg"
    found = [path.relative_to(tmp_path).as_posix() for path in files_in([missing, tmp_path, alone])]
    assert found == ["missing.jpg", ".hidden", "a.txt", "b.jpg", "broken.jpg", "deep/c.jpg", "b.jpg"]


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(OSError, match="not a regular file"):
        read_photo(tmp_path / "pipe.jpg")


def test_of_a_huge_file_no_more_is_read_than_it_takes_to_refuse_it(tmp_path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(10**11)  # sparse
    data = read_photo(path)
    assert problem_of(data) is ImageProblem.TOO_MANY_BYTES


def test_folders_are_walked_as_they_are_asked_for(tmp_path) -> None:
    for name in ("a/1.jpg", "a.jpg", "b/2.jpg", "b/deep/3.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).touch()
    (tmp_path / "b" / "around").symlink_to(tmp_path, target_is_directory=True)
    walk = files_in([tmp_path])
    assert next(walk) == tmp_path / "a" / "1.jpg"
    (tmp_path / "b" / "later.jpg").touch()  # not listed yet
    expected = ["a.jpg", "b/2.jpg", "b/deep/3.jpg", "b/later.jpg"]
    assert [path.relative_to(tmp_path).as_posix() for path in walk] == expected
