"""Vectors for frames (EfficientNet-lite0) and texts (MiniLM), both in ONNX on one thread.

Measured on 2 cores (research notes, section 5): a frame 11-12 ms, a text 6 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from groundup.envs.types import Frame
from groundup.perception.models import FEATURES, SIDE, frame_model, text_model

Vectors = NDArray[np.float32]

TEXT_LENGTH = 384
"""Length of a text vector."""

MOST_TOKENS = 128
"""Tokens of a text that count; MiniLM was trained on that many (its model card)."""


def _session(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


class FrameEmbedder:
    """A frame in, the pooled features of EfficientNet-lite0 out; raises MissingPart when made."""

    size = FEATURES

    def __init__(self) -> None:
        self._net = _session(frame_model())

    def __call__(self, frame: Frame) -> Vectors:
        """A float32 vector of unit length and 1280 numbers; the whole frame is squeezed to a square."""
        square = cv2.resize(frame.pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        image = (square.astype(np.float32) - 127.0) / 128.0
        (features,) = self._net.run(None, {"image": np.ascontiguousarray(image.transpose(2, 0, 1)[None])})
        return _unit(np.asarray(features[0], dtype=np.float32))


class TextEmbedder:
    """Texts in, MiniLM sentence vectors out; raises MissingPart when made."""

    size = TEXT_LENGTH

    def __init__(self) -> None:
        model, tokenizer = text_model()
        self._net = _session(model)
        self._inputs = {entry.name for entry in self._net.get_inputs()}
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.enable_truncation(MOST_TOKENS)
        self._tokenizer.enable_padding()

    def __call__(self, texts: Sequence[str]) -> Vectors:
        """Float32 vectors of unit length, shape (len(texts), 384): the mean over each text's tokens."""
        if not texts:
            return np.zeros((0, TEXT_LENGTH), np.float32)
        coded = self._tokenizer.encode_batch(list(texts))
        ids = np.array([entry.ids for entry in coded], np.int64)
        mask = np.array([entry.attention_mask for entry in coded], np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        outputs = self._net.run(None, {name: given[name] for name in self._inputs})
        hidden = np.asarray(outputs[0], dtype=np.float32)
        if hidden.ndim == 2:
            return _unit(hidden)
        weights = mask[..., None].astype(np.float32)
        return _unit((hidden * weights).sum(axis=1) / weights.sum(axis=1))
