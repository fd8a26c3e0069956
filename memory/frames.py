"""Pictures kept by content: JPEG for screenshots, PNG for what is matched against the screen later."""

from __future__ import annotations

import cv2
import numpy as np

from groundup.envs.types import Pixels
from groundup.memory.store import Store

JPEG_QUALITY = 85
"""114 KB and 2.3 ms for a screenshot of 1280x720; as PNG 870 KB and 79 ms (research.md section 5)."""


def encode(pixels: Pixels, *, lossless: bool = False) -> bytes:
    """`pixels` (RGB, uint8, (height, width, 3)) as JPEG, or as PNG when `lossless`."""
    options = [] if lossless else [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    done, data = cv2.imencode(
        ".png" if lossless else ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), options
    )
    if not done:
        raise ValueError(f"a picture of shape {pixels.shape} cannot be encoded")
    return data.tobytes()


def decode(image: bytes) -> Pixels:
    """The pixels of an encoded picture, RGB; raises `ValueError` when it is none."""
    pixels = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_COLOR) if image else None
    if pixels is None:
        raise ValueError("this is not a picture")
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def keep_frame(store: Store, pixels: Pixels, *, lossless: bool = False) -> str:
    """Keep a picture in the library and return its hash; the same picture is kept once.

    Use `lossless` for a template that is to be found on the screen again.
    """
    return store.put_frame(encode(pixels, lossless=lossless))


def load_frame(store: Store, sha: str) -> Pixels | None:
    """The picture of that hash; None when it was dropped for the size limit."""
    image = store.get_frame(sha)
    return None if image is None else decode(image)
