"""Labelled screenshots, and how well proposals find what is labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pydantic import TypeAdapter, ValidationError

from groundup.envs.errors import UsageError
from groundup.envs.types import Pixels
from groundup.perception.types import Box

_LABELS = TypeAdapter(dict[str, dict[str, tuple[int, int, int, int]]])


@dataclass(frozen=True, slots=True, eq=False)
class Screenshot:
    """A picture (uint8 RGB) and its labelled elements by name."""

    name: str
    pixels: Pixels
    elements: dict[str, Box]


@dataclass(frozen=True, slots=True)
class Recall:
    """Shares of labelled elements that are found.

    `centre`: the centre of some proposal lies in the labelled box, so that a click on it lands there;
    `sized`: besides, that proposal's area is within a factor of 4 of the label's; `tight`: some
    proposal has an IoU of at least .5 with the label.
    """

    centre: float
    sized: float
    tight: float


def read_screenshots(screens: Path, labels: Path) -> list[Screenshot]:
    """The screenshots in folder `screens` that file `labels` names.

    `labels` is JSON: {picture: {element: [left, top, width, height]}}. Raises `UsageError` when it
    cannot be read, names no element, or a picture is missing or broken.
    """
    try:
        named = _LABELS.validate_json(labels.read_bytes())
    except OSError as error:
        raise UsageError(f"Cannot read the labels {labels}: {error.strerror}.") from error
    except ValidationError as error:
        wrong = "{picture: {element: [left, top, width, height]}}"
        raise UsageError(f"The labels {labels} are not JSON of the form {wrong}.") from error
    if not any(named.values()):
        raise UsageError(f"The labels {labels} name no element.")
    return [_screenshot(screens, name, boxes) for name, boxes in named.items()]


def _screenshot(screens: Path, name: str, boxes: dict[str, tuple[int, int, int, int]]) -> Screenshot:
    path = screens / name
    if not path.resolve().is_relative_to(screens.resolve()):
        raise UsageError(f"The labels name {name}, which lies outside {screens}.")
    try:
        data = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    except OSError as error:
        raise UsageError(f"Cannot read the screenshot {path}: {error.strerror}.") from error
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if picture is None:
        raise UsageError(f"The screenshot {path} is not a picture that can be decoded.")
    pixels = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)
    elements = {element: _inside(Box(*box), pixels, f"{element} of {name}") for element, box in boxes.items()}
    return Screenshot(name, pixels, elements)


def _inside(box: Box, pixels: Pixels, label: str) -> Box:
    height, width = pixels.shape[:2]
    left, top = max(0, box.x), max(0, box.y)
    w, h = min(width, box.x + box.w) - left, min(height, box.y + box.h) - top
    if w <= 0 or h <= 0:
        raise UsageError(f"The label {label} has no area inside its picture of {width}x{height}.")
    return Box(left, top, w, h)


def found(element: Box, boxes: Sequence[Box]) -> tuple[bool, bool, bool]:
    """Whether `element` is found by centre, by centre and size, and tightly (see `Recall`)."""
    inside = [box for box in boxes if element.contains(box.x + box.w / 2, box.y + box.h / 2)]
    sized = any(element.area / 4 <= box.area <= element.area * 4 for box in inside)
    return bool(inside), sized, any(box.iou(element) >= 0.5 for box in boxes)


def recall(pairs: Sequence[tuple[Sequence[Box], Sequence[Box]]]) -> Recall:
    """The recall over all of (elements, proposed boxes), each element counting once."""
    hits = [found(element, boxes) for elements, boxes in pairs for element in elements]
    centre, sized, tight = np.mean(hits, axis=0) if hits else (0.0, 0.0, 0.0)
    return Recall(float(centre), float(sized), float(tight))
