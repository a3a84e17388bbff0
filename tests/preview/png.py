"""PNG files made small: a page of text needs a small palette and no more."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import count

import numpy as np
from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"
COLOURS = 128
"""More than the eye tells apart on a page of text."""

SHADE_BITS = 3
"""Colours that differ in so many of the lowest bits of a channel are shades of one."""
Pixels = NDArray[np.uint8]


def smaller(data: bytes) -> bytes:
    """Return the picture with a palette of its commonest colours; the others become the nearest of them."""
    indices, palette = _indexed(read(data))
    return _written(indices, palette, [(b"IDAT", _compressed(indices))])


def animated(pictures: Sequence[bytes], seconds: float) -> bytes:
    """Return the pictures as one that shows each for so long, again and again (APNG specification); what shows no
    animation shows the first."""
    every = [read(each) for each in pictures]
    indices, palette = _indexed(np.concatenate(every))
    height, width = every[0].shape[:2]
    chunks = [(b"acTL", struct.pack(">II", len(every), 0))]
    numbers = count()
    for at in range(0, len(indices), height):
        shown = struct.pack(">IIIIHHBB", width, height, 0, 0, round(seconds * 1000), 1000, 0, 0)
        chunks.append((b"fcTL", struct.pack(">I", next(numbers)) + shown))
        frame = _compressed(indices[at : at + height])
        chunks.append((b"fdAT", struct.pack(">I", next(numbers)) + frame) if at else (b"IDAT", frame))
    return _written(indices[:height], palette, chunks)


def _indexed(pixels: Pixels) -> tuple[Pixels, Pixels]:
    flat = pixels.reshape(-1, 3).astype(np.uint32)
    keys = flat[:, 0] << 16 | flat[:, 1] << 8 | flat[:, 2]
    found, where, counts = np.unique(keys, return_inverse=True, return_counts=True)
    colours, chosen = _channels(found), _channels(_palette(found, counts))
    nearest = np.array([np.argmin(((chosen - colour) ** 2).sum(axis=1)) for colour in colours], dtype=np.uint8)
    indices = nearest[where].reshape(pixels.shape[:2])
    return indices, chosen.astype(np.uint8)


def _palette(found: NDArray[np.uint32], counts: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Choose the commonest shade of each kind of colour, so that many greys of letters do not crowd out one red."""
    commonest_first = found[np.argsort(counts)[::-1]]
    if len(found) <= COLOURS:
        return commonest_first
    kinds = _channels(commonest_first) >> SHADE_BITS
    _, first = np.unique(kinds[:, 0] << 16 | kinds[:, 1] << 8 | kinds[:, 2], return_index=True)
    chosen: NDArray[np.uint32] = commonest_first[np.sort(first)[:COLOURS]]
    return chosen


def read(data: bytes) -> Pixels:
    """Return the pixels of a PNG of 8 bits a channel, without its transparency: height, width, 3."""
    chunks = _chunks(data)
    width, height, depth, kind = struct.unpack(">IIBB", chunks[b"IHDR"][:10])
    channels = {2: 3, 6: 4, 3: 1}[kind]
    if depth != 8:
        raise ValueError(f"a depth of {depth} bits is not read here")
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), dtype=np.uint8).reshape(height, width * channels + 1)
    pixels = _unfiltered(rows, channels).reshape(height, width, channels)
    if kind == 3:
        return np.frombuffer(chunks[b"PLTE"], dtype=np.uint8).reshape(-1, 3)[pixels[:, :, 0]]
    return pixels[:, :, :3]


def _channels(keys: NDArray[np.uint32]) -> NDArray[np.int64]:
    return np.stack([keys >> 16 & 255, keys >> 8 & 255, keys & 255], axis=1).astype(np.int64)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the chunks by name; several of one name are one."""
    if not data.startswith(SIGNATURE):
        raise ValueError("this is no PNG")
    chunks: dict[bytes, bytes] = {}
    at = len(SIGNATURE)
    while at < len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        chunks[name] = chunks.get(name, b"") + data[at + 8 : at + 8 + length]
        at += length + 12
    return chunks


def _unfiltered(rows: Pixels, channels: int) -> Pixels:
    """Undo the filter that each row was written with (PNG specification, section 9)."""
    result = np.zeros((len(rows), rows.shape[1] - 1), dtype=np.uint8)
    above = np.zeros(rows.shape[1] - 1, dtype=np.uint8)
    for number, row in enumerate(rows):
        line = row[1:].copy()
        match row[0]:
            case 1:
                line = np.cumsum(line.reshape(-1, channels), axis=0, dtype=np.uint8).reshape(-1)
            case 2:
                line += above
            case 3 | 4:
                line = _predicted(line, above, channels, paeth=row[0] == 4)
        result[number] = above = line
    return result


def _predicted(line: Pixels, above: Pixels, channels: int, *, paeth: bool) -> Pixels:
    """Undo the filters that look at the pixel to the left and the one above at once."""
    over = above.tolist()
    done: list[int] = []
    for at, value in enumerate(line.tolist()):
        left = done[at - channels] if at >= channels else 0
        corner = over[at - channels] if at >= channels else 0
        guess = _paeth(left, over[at], corner) if paeth else (left + over[at]) // 2
        done.append(value + guess & 255)
    return np.array(done, dtype=np.uint8)


def _paeth(left: int, over: int, corner: int) -> int:
    estimate = left + over - corner
    return min((abs(estimate - left), 0, left), (abs(estimate - over), 1, over), (abs(estimate - corner), 2, corner))[2]


def _compressed(indices: Pixels) -> bytes:
    rows = np.concatenate([np.zeros((len(indices), 1), dtype=np.uint8), indices], axis=1)
    return zlib.compress(rows.tobytes(), 9)


def _written(indices: Pixels, palette: Pixels, chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    height, width = indices.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    every = ((b"IHDR", header), (b"PLTE", palette.tobytes()), *chunks, (b"IEND", b""))
    return SIGNATURE + b"".join(_chunk(name, content) for name, content in every)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
