"""What the searches of one frame share: its grey pyramid, its thumbnail, its shift from another."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft

from groundup.envs.types import Pixels
from groundup.perception.types import Box

Grey = NDArray[np.uint8]

THUMBNAIL_WIDTH = 160
"""Wide enough to see a scroll of one step of a wheel, small enough to correlate in well under 1 ms."""

MAX_SHIFTS = 2
"""How many shifts are worth a look: with a fixed frame around a scrolled map the second peak is the map's."""

MARGIN = 40
"""How many pixels around a box are its surroundings: five of the thumbnail of a 1280 wide frame."""

FLAT = 25.0
"""Variance of surroundings (grey levels squared) that is as good as flat."""


SCALES = (1.0, 0.95, 1.05, 0.9, 1.1)
"""Sizes of the picture, against its size then, that are considered."""


class Shift(NamedTuple):
    """Where x, y of an earlier frame is now: at scale * x + dx, scale * y + dy."""

    dx: int
    dy: int
    scale: float


class FrameIndex:
    """One frame, uint8 RGB (height, width, 3), and what is computed from it once when first asked for."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        self._levels: dict[float, Grey] = {}
        self._shifts: dict[bytes, list[Shift]] = {}

    @cached_property
    def grey(self) -> Grey:
        """The frame in grey."""
        return grey_of(self.pixels)

    @cached_property
    def thumbnail(self) -> Grey:
        """Grey, THUMBNAIL_WIDTH wide."""
        height, width = self.level(4).shape
        size = (THUMBNAIL_WIDTH, max(1, round(height * THUMBNAIL_WIDTH / width)))
        return np.asarray(cv2.resize(self.level(4), size, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    @cached_property
    def _transformed(self) -> NDArray[np.complex64]:
        return _transform(self.thumbnail)

    def prepare(self) -> None:
        """Compute everything that searches of this frame share, now rather than when first needed."""
        for factor in (2.0, 2.5, 3.0, 4.0):
            self.level(factor)
        _ = self._transformed

    def level(self, factor: float) -> Grey:
        """The grey frame at 1 / `factor` of its size."""
        if factor not in self._levels:
            self._levels[factor] = reduced(self.grey, factor)
        return self._levels[factor]

    def crop(self, box: Box) -> Pixels:
        """The pixels of `box`; what lies outside the frame repeats its edge."""
        return np.asarray(cropped(self.pixels, box), dtype=np.uint8)

    def shifts_from(self, context: Grey) -> list[Shift]:
        """How parts of the picture were moved and scaled since the frame of thumbnail `context`.

        The strongest peaks of the phase correlations of this thumbnail with the other one at each of
        the SCALES, strongest first, without unmoved (Kuglin and Hines 1975: a translation is a peak
        of the normalised cross power).
        """
        key = context.tobytes()
        if key not in self._shifts:
            self._shifts[key] = self._estimated(context)
        return self._shifts[key]

    def _estimated(self, context: Grey) -> list[Shift]:
        now = self.thumbnail
        height, width = now.shape
        if context.shape != now.shape:
            context = np.asarray(cv2.resize(context, (width, height)), dtype=np.uint8)
        unit = self.pixels.shape[1] / width
        surfaces = np.stack([self._correlated(context, scale) for scale in SCALES])
        surfaces[SCALES.index(1.0)][np.ix_(np.arange(-2, 3), np.arange(-2, 3))] = 0
        found = []
        for _ in range(MAX_SHIFTS):
            which, y, x = (int(i) for i in np.unravel_index(int(surfaces.argmax()), surfaces.shape))
            # The same movement is a peak, if a lower one, at the neighbouring scales too.
            surfaces[:, np.arange(y - 2, y + 3)[:, None] % height, np.arange(x - 2, x + 3) % width] = 0
            dx, dy = (x + width // 2) % width - width // 2, (y + height // 2) % height - height // 2
            found.append(Shift(round(dx * unit), round(dy * unit), SCALES[which]))
        return found

    def _correlated(self, context: Grey, scale: float) -> NDArray[np.float32]:
        """The phase correlation with a scaled thumbnail; the index of a peak is the shift, wrapped."""
        height, width = self.thumbnail.shape
        if scale != 1.0:
            grow = np.array([[scale, 0, 0], [0, scale, 0]], dtype=np.float64)
            context = np.asarray(
                cv2.warpAffine(context, grow, (width, height), borderMode=cv2.BORDER_REPLICATE),
                dtype=np.uint8,
            )
        power = self._transformed * np.conj(_transform(context))
        return np.asarray(fft.irfft2(power / (np.abs(power) + 1e-9), s=(height, width)), dtype=np.float32)

    def surroundings(self, box: Box, context: Grey, then: Box, size: tuple[int, int]) -> float:
        """How alike what surrounds `box` here is to what surrounded `then` in a frame of `size`.

        The correlation, -1 to 1, of the two thumbnails around the boxes, the boxes left out.
        """
        here = _around(self.thumbnail, box, self.thumbnail.shape[1] / self.pixels.shape[1])
        there = _around(context, then, context.shape[1] / size[0])
        if here.shape != there.shape:
            there = np.asarray(cv2.resize(there, here.shape[::-1]), dtype=np.float32)
        margin = round(MARGIN * self.thumbnail.shape[1] / self.pixels.shape[1])
        outside = np.ones(here.shape, dtype=np.bool_)
        outside[margin:-margin, margin:-margin] = False
        a, b = here[outside], there[outside]
        a, b = a - a.mean(), b - b.mean()
        power = float(np.sqrt((a @ a) * (b @ b))) + FLAT * len(a)
        return (float(a @ b) + FLAT * len(a)) / power


def grey_of(pixels: Pixels) -> Grey:
    """RGB to grey."""
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def reduced(image: Grey, factor: float) -> Grey:
    """The image at 1 / `factor` of its size, averaged, at least one pixel each way."""
    size = (max(1, round(image.shape[1] / factor)), max(1, round(image.shape[0] / factor)))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def cropped(image: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """The part of a grey or colour image that `box` covers; outside the image its edge repeats."""
    height, width = image.shape[:2]
    left, top = min(max(0, box.x), width - 1), min(max(0, box.y), height - 1)
    right, bottom = max(left + 1, min(width, box.x + box.w)), max(top + 1, min(height, box.y + box.h))
    inside = image[top:bottom, left:right]
    if inside.shape[:2] == (box.h, box.w) and (left, top) == (box.x, box.y):
        return inside
    before_y, before_x = max(0, min(top - box.y, box.h - 1)), max(0, min(left - box.x, box.w - 1))
    after_y, after_x = box.h - before_y - inside.shape[0], box.w - before_x - inside.shape[1]
    if after_y < 0 or after_x < 0:
        inside = inside[: box.h - before_y, : box.w - before_x]
        after_y, after_x = max(0, after_y), max(0, after_x)
    padded = cv2.copyMakeBorder(inside, before_y, after_y, before_x, after_x, cv2.BORDER_REPLICATE)
    return np.asarray(padded, dtype=np.uint8)


def _around(thumbnail: Grey, box: Box, scale: float) -> NDArray[np.float32]:
    """The box and MARGIN pixels on each side of it, in a thumbnail at `scale` of the frame."""
    margin = round(MARGIN * scale)
    w, h = max(1, round(box.w * scale)), max(1, round(box.h * scale))
    x, y = round((box.x + box.w / 2) * scale - w / 2), round((box.y + box.h / 2) * scale - h / 2)
    grown = Box(x - margin, y - margin, w + 2 * margin, h + 2 * margin)
    return cropped(thumbnail, grown).astype(np.float32)


def _near_zero(height: int) -> NDArray[np.intp]:
    return np.arange(-2, 3) % height


def _transform(thumbnail: Grey) -> NDArray[np.complex64]:
    """The Fourier transform of a thumbnail whose borders fade out."""
    height, width = thumbnail.shape
    across, down = np.hanning(width + 2)[1:-1], np.hanning(height + 2)[1:-1]
    faded = (thumbnail - thumbnail.mean()) * (across * down[:, None])
    return np.asarray(fft.rfft2(faded.astype(np.float32)), dtype=np.complex64)
