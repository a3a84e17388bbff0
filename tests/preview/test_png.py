"""Small pictures show the same."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np
import pytest

from tests.preview.png import COLOURS, SIGNATURE, animated, read, smaller


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + b"\0\0\0\0"


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        yield name, data[at + 8 : at + 8 + length]
        at += length + 12


def png(rows: list[bytes], width: int, kind: int = 2) -> bytes:
    """A PNG whose rows begin with their filter."""
    header = struct.pack(">IIBBBBB", width, len(rows), 8, kind, 0, 0, 0)
    return SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"".join(rows))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (b"\0\x01\x02\x03\x04\x05\x06", [[1, 2, 3], [4, 5, 6]]),
        (b"\1\x01\x02\x03\x04\x05\x06", [[1, 2, 3], [5, 7, 9]]),
        (b"\2\x01\x02\x03\x04\x05\x06", [[11, 12, 13], [24, 25, 26]]),
        (b"\3\x01\x02\x03\x04\x05\x06", [[6, 7, 8], [17, 18, 20]]),
        (b"\4\x01\x02\x03\x04\x05\x06", [[11, 12, 13], [24, 25, 26]]),
    ],
    ids=["none", "sub", "up", "average", "paeth"],
)
def test_every_filter_of_a_row_is_undone(second: bytes, expected: list[list[int]]) -> None:
    pixels = read(png([b"\0\x0a\x0a\x0a\x14\x14\x14", second], 2))

    assert pixels[1].tolist() == expected


def test_a_picture_of_few_colours_stays_as_it_was() -> None:
    original = png([b"\0\xff\x00\x00\x00\xff\x00", b"\0\x00\x00\xff\xff\xff\xff"], 2)

    assert np.array_equal(read(smaller(original)), read(original))


def test_many_shades_leave_room_for_the_one_colour_that_is_rare() -> None:
    greys = b"".join(bytes((value, value, value)) for value in range(256)) * 2

    pixels = read(smaller(png([b"\0" + greys, b"\0" + greys, b"\0" + bytes((0xF4, 0x90, 0x0C)) + greys[3:]], 512)))

    assert pixels[2, 0].tolist() == [0xF4, 0x90, 0x0C]
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) <= COLOURS


def test_what_is_no_png_is_refused() -> None:
    with pytest.raises(ValueError, match="no PNG"):
        read(b"GIF89a")


def test_pictures_in_turn_share_a_palette_and_each_keeps_its_pixels() -> None:
    first = png([b"\0\xff\x00\x00\x00\xff\x00"], 2)
    second = png([b"\0\x00\x00\xff\x00\xff\x00"], 2)

    moving = animated([first, second], 1.5)

    assert np.array_equal(read(moving), read(first))
    parts = dict(chunks(moving))
    later = [(b"IHDR", parts[b"IHDR"]), (b"PLTE", parts[b"PLTE"]), (b"IDAT", parts[b"fdAT"][4:])]
    assert np.array_equal(read(SIGNATURE + b"".join(chunk(*each) for each in later)), read(second))
