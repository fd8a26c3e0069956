"""The CNN's vectors of a stream of frames: computed once, in batches, kept on disk."""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groundup.envs.errors import GroundupError
from groundup.skills.discovery.vpt.cnn import CNN_WIDTH

Compute = Callable[[Tensor], Tensor]
"""uint8 frames (n, height, width, 3) to float32 vectors (n, 256)."""

BATCH = 4
"""Frames; measured: from 8 on, the activations of the first layers leave the processor's caches."""


class FeatureStore:
    """Vectors of frames by number; frames are taken from a stream as far as is asked for, and not kept.

    A vector takes 1 KB in an unnamed temporary file, so an hour at 20 frames a second takes 74 MB of disk and
    no memory. The last `recent` frames are kept in memory (48 KB each), for computing them again.
    """

    def __init__(
        self, frames: Iterator[NDArray[np.uint8]], compute: Compute, *, batch: int = BATCH, recent: int = 0
    ) -> None:
        self._frames = frames
        self._compute = compute
        self._batch = batch
        self._file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115
        weakref.finalize(self, _close, self._file)
        self._done = 0
        self._last: tuple[NDArray[np.uint8], Tensor] | None = None
        self._recent: deque[NDArray[np.uint8]] = deque(maxlen=recent)

    @property
    def done(self) -> int:
        """How many frames have been computed."""
        return self._done

    def take(self, start: int, end: int) -> Tensor:
        """The vectors of frames `start` to `end` (exclusive), fewer where the stream has ended, (n, 256)."""
        while self._done < end and self._advance():
            pass
        end = min(end, self._done)
        self._file.seek(start * CNN_WIDTH * 4)
        content = self._file.read(max(end - start, 0) * CNN_WIDTH * 4)
        return torch.from_numpy(np.frombuffer(content, dtype=np.float32).reshape(-1, CNN_WIDTH).copy())

    def recent(self, start: int, end: int) -> list[NDArray[np.uint8]]:
        """The frames `start` to `end`, as far as they are still kept: the earliest may be missing."""
        first = self._done - len(self._recent)
        return list(islice(self._recent, max(start - first, 0), max(end - first, 0)))

    def finish(self) -> None:
        """Let the stream run to its end, so that it can say what is wrong with it."""
        for _ in self._frames:
            pass

    def _advance(self) -> bool:
        batch = list(islice(self._frames, self._batch))
        if not batch:
            return False
        vectors = self._vectors(batch)
        try:
            self._file.seek(self._done * CNN_WIDTH * 4)
            self._file.write(vectors.numpy().tobytes())
            self._file.flush()
        except OSError as error:
            raise GroundupError(
                f"{tempfile.gettempdir()} has no room for 1 KB a frame ({error.strerror}): make room, or "
                "name another folder by TMPDIR."
            ) from error
        self._recent.extend(batch)
        self._last = (batch[-1], vectors[-1:])
        self._done += len(batch)
        return True

    def _vectors(self, batch: list[NDArray[np.uint8]]) -> Tensor:
        """Compute what differs from the frame before; a still picture is computed once."""
        before = self._last[0] if self._last is not None else None
        place, places, fresh = 0, [], []
        for frame in batch:
            if before is None or not np.array_equal(frame, before):
                place += 1
                fresh.append(frame)
            places.append(place)
            before = frame
        known = [self._last[1]] if self._last is not None else [torch.zeros(1, CNN_WIDTH)]
        if fresh:
            known.append(self._compute(torch.from_numpy(np.stack(fresh))))
        return torch.cat(known)[places]


def _close(file: BinaryIO) -> None:
    with contextlib.suppress(OSError):  # what a full disk did not take is of no use any more
        file.close()
