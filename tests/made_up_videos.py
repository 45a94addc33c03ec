"""Videos made of pictures, by OpenCV's own writer; boxes of MP4 files are changed byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

EXACT = ("FFV1", "mkv")
"""A codec without losses, for pictures whose colours mean something."""

USUAL = ("mp4v", "mp4")


def video(
    pictures: Sequence[bytes | NDArray[np.uint8]],
    codec: tuple[str, str] = USUAL,
    *,
    seconds: float = 1.0,
    rate: int = 10,
) -> bytes:
    """Each of the pictures for so many seconds; all are of one size."""
    frames = [cv2.cvtColor(_rgb(picture), cv2.COLOR_RGB2BGR) for picture in pictures]
    height, width = frames[0].shape[:2]
    with TemporaryDirectory() as folder:
        path = Path(folder, f"a.{codec[1]}")
        writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*codec[0]), rate, (width, height))  # type: ignore[attr-defined]
        assert writer.isOpened()
        for frame in frames:
            for _ in range(round(seconds * rate)):
                writer.write(frame)
        writer.release()
        return path.read_bytes()


def _rgb(picture: bytes | NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.open(BytesIO(picture)).convert("RGB")) if isinstance(picture, bytes) else picture


def grey(*levels: int, width: int = 64, height: int = 48) -> list[NDArray[np.uint8]]:
    """Plain pictures."""
    return [np.full((height, width, 3), level, np.uint8) for level in levels]


def filmed_at(data: bytes, seconds: int) -> bytes:
    """The MP4 with a creation time, in seconds since 1904."""
    place = data.index(b"mvhd") + 8
    return data[:place] + struct.pack(">I", seconds) + data[place + 4 :]


def turned(data: bytes) -> bytes:
    """The MP4 as a phone films it that is held upright: its matrix says a quarter to the right."""
    place = data.index(b"tkhd") + 4 + 40
    matrix = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 48 << 16, 0, 0x40000000)
    return data[:place] + matrix + data[place + 36 :]
