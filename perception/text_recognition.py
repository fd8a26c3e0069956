"""Reads the picture of one line with rapidocr's bundled PP-OCRv6 recogniser, and remembers it.

rapidocr's own pipeline pads each line to 320 pixels and sorts it into batches; a short number then
costs 37 ms instead of 7 (one thread). Here each line runs at its own width.
"""

from __future__ import annotations

from collections import OrderedDict
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from groundup.envs.errors import MissingPart
from groundup.perception.text_pieces import Grey

MODEL = "PP-OCRv6_rec_small.onnx"

HEIGHT = 48
"""The recogniser's input height in pixels."""

SHORT, LEFT, PADDING = 192, 4, 48
"""Lines narrower than `SHORT` (at the input height) get `PADDING` columns of mid grey behind them, as in
the recogniser's training. On 508 numbers of one to three signs, six fonts, 13 to 32 pixels, 504 were
then right and believed, 478 without."""

SQUEEZE = 0.8
"""Longer lines are squeezed to this share of their width, and cost as much less: of 141 lines of game
screens none read otherwise (0.7: 4, 0.5: 18)."""

CERTAIN, HOPELESS = 0.95, 0.6
"""Confidences between which a short number is read once more, with twice the padding (507 of the 508). In a
play none of 70 that were read with less came to be believed by it; from 0.85 some did."""

LOOKALIKES = dict(zip("OoQDlI|iSZ", "0000111152", strict=True))
"""Letters that stand for digits when nothing but digits is around them."""


def model_path() -> Path:
    """The recogniser's ONNX file inside the rapidocr package; raises MissingPart."""
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise MissingPart("the package rapidocr is missing: run `pip install rapidocr`")
    path = Path(spec.origin).parent / "models" / MODEL
    if not path.is_file():
        raise MissingPart(f"rapidocr lacks its model {MODEL}: run `pip install --force-reinstall rapidocr`")
    return path


class Recogniser:
    """Picture of a line in, text and confidence out; the last `size` different pictures are remembered.

    `misses` counts the pictures that had to be read by the network.
    """

    def __init__(self, *, size: int = 20000) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self._net = onnxruntime.InferenceSession(
            str(model_path()), options, providers=["CPUExecutionProvider"]
        )
        self._input = self._net.get_inputs()[0].name
        characters = self._net.get_modelmeta().custom_metadata_map["character"].splitlines()
        self._characters = ["", *characters, " "]
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._size = size
        self.misses = 0

    def known(self, picture: Grey) -> tuple[str, float] | None:
        """What was read before in this very picture (compared as black and white), if anything."""
        key = _signature(picture)
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def read(self, picture: Grey) -> tuple[str, float]:
        """The text in `picture`, uint8 (height, width), bright on black, and a confidence of 0 to 1."""
        found = self.known(picture)
        if found is None:
            self.misses += 1
            found = self._recognise(picture)
            self._known[_signature(picture)] = found
            if len(self._known) > self._size:
                self._known.popitem(last=False)
        return found

    def _recognise(self, picture: Grey) -> tuple[str, float]:
        width = round(picture.shape[1] * HEIGHT / picture.shape[0])
        short = width < SHORT
        if not short:
            width = round(SQUEEZE * width)
        smooth = cv2.INTER_CUBIC if picture.shape[0] < HEIGHT else cv2.INTER_AREA
        scaled = np.asarray(
            cv2.resize(picture, (max(8, width), HEIGHT), interpolation=smooth), dtype=np.uint8
        )
        found = self._run(scaled, PADDING if short else 0)
        if short and HOPELESS <= found[1] < CERTAIN and any(char.isdigit() for char in found[0]):
            found = max(found, self._run(scaled, 2 * PADDING), key=lambda read: read[1])
        return found

    def _run(self, scaled: Grey, padding: int) -> tuple[str, float]:
        inked = np.pad(scaled, ((0, 0), (LEFT, 0))).astype(np.float32) / 127.5 - 1
        line = np.pad(inked, ((0, 0), (0, padding)))
        batch = np.ascontiguousarray(np.broadcast_to(line, (1, 3, *line.shape)))
        steps = self._net.run(None, {self._input: batch})[0][0]
        return self._decode(np.asarray(steps, dtype=np.float32))

    def _decode(self, steps: NDArray[np.float32]) -> tuple[str, float]:
        """Greedy CTC decoding: repeats collapse, blanks vanish."""
        best = steps.argmax(axis=1)
        kept = (best != 0) & (best != np.concatenate([[-1], best[:-1]]))
        if not kept.any():
            return "", 0.0
        text = "".join(self._characters[i] for i in best[kept])
        return _digits_where_alone(_without_specks(text.strip())), float(steps.max(axis=1)[kept].mean())


def _without_specks(text: str) -> str:
    """Dust before a text or behind a number reads as a dot."""
    text = text.lstrip(".,'`·")
    bare = text.rstrip(".,'`·-_")
    return bare if bare and not any(char.isalpha() for char in bare) else text


def _digits_where_alone(text: str) -> str:
    """Letters that look like digits become digits if the line holds no other letter."""
    swapped = "".join(LOOKALIKES.get(char, char) for char in text)
    others = any(char.isalpha() for char in swapped)
    return text if others or (len(text) > 1 and not any(char.isdigit() for char in text)) else swapped


def _signature(picture: Grey) -> bytes:
    rows, columns = picture.shape
    return b"%d,%d," % (rows, columns) + bytes(np.packbits(picture > 127))
