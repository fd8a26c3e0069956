"""Losses from a CNN that is fast and a little wrong, with what is near a threshold computed again exactly.

How wrong it is depends on the weights, so it is measured on the way: the first frames are computed both
ways, now and then another. With a frame's own vector exact its loss is nearly right where little hangs on
memory (random weights at VPT's 1x size: a quarter of the error is left), and not where much does (the golden
policy: four fifths).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groundup.skills.discovery.vpt.cnn import as_input
from groundup.skills.discovery.vpt.engine import FIRST_CHUNK, LARGEST_CHUNK, finite
from groundup.skills.discovery.vpt.features import FeatureStore
from groundup.skills.discovery.vpt.networks import Policy
from groundup.skills.discovery.vpt.transformer import Memory

SURE = 5.0
"""Root mean squares of the error that are not exceeded; the largest of 240 was 3.8, of another 128 2.9
(measured)."""

REST_SURE = 10.0
"""The same for what is left with a frame's own vector exact: it is measured with little in memory."""

FIRST_AUDIT = 8
"""Frames at the beginning that are computed both ways."""

AUDITED = (3, 5, 7)
"""Those of them of which it is measured what is left with their own vector exact."""

CHUNKS = 3
"""Of how many chunks the memory at their beginning is kept, so that they can be run again: the last 128 to
192 frames, at least VPT's span of attention."""


class CheckedLosses:
    """-log p of the actions taken, int64 (frames, 2), as `ChunkedLosses` but with another CNN; `Checkable`.

    `cnn` takes what the policy's own takes. `least`: nats that losses are taken to be off by at least; by
    more only where `audited`.
    """

    def __init__(
        self,
        policy: Policy,
        actions: NDArray[np.int64],
        frames: Iterator[NDArray[np.uint8]],
        cnn: Callable[[Tensor], Tensor],
        *,
        batch: int,
        least: float,
        audited: bool,
    ) -> None:
        self._policy = policy
        self._actions = torch.from_numpy(actions)
        self._least, self._audited, self._next_audit = least, audited, 0
        self._store = FeatureStore(
            frames, lambda pictures: cnn(as_input(pictures)), batch=batch, recent=(CHUNKS + 1) * LARGEST_CHUNK
        )
        self._exact: dict[int, Tensor] = {}
        self._errors: list[float] = []
        self._rests: list[float] = []
        self._starts: deque[tuple[int, Memory]] = deque(maxlen=CHUNKS)
        self._rough: tuple[int, list[float]] = (0, [])
        self.checked = 0
        """How many vectors were computed again."""

    def __len__(self) -> int:
        return len(self._actions)

    @property
    def tolerance(self) -> float:
        """Nats that a loss may be off by, as far as is known now."""
        return max(self._least, SURE * _root_mean_square(self._errors))

    def since(self, start: int) -> Iterator[float]:
        """See `Losses`."""
        self._starts.clear()
        memory, chunk = self._policy.empty(), FIRST_CHUNK
        while start < len(self._actions):
            with torch.inference_mode():
                vectors = self._store.take(start, min(start + chunk, len(self._actions)))
                if len(vectors) == 0:
                    return
                self._starts.append((start, memory))
                losses, after = self._policy.losses(
                    vectors, self._actions[start : start + len(vectors)], memory
                )
            values = finite(losses, start)
            self._rough = (start, values)
            self._audit(start, values)
            yield from values
            start, memory = start + len(vectors), after
            chunk = min(2 * chunk, LARGEST_CHUNK)

    def closer(self, start: int, frame: int) -> Iterator[tuple[list[float], float]]:
        """See `Checkable`: first the frame's own vector exactly, then those of all chunks that are kept."""
        del start  # What is kept never reaches behind where memory was emptied.
        own = self._with_own(frame)
        yield [own], min(max(self._least, REST_SURE * _root_mean_square(self._rests)), self.tolerance)
        first, memory = self._starts[0]
        values = self._run(first, frame, memory, self._exactly(first, frame + 1))
        self._rests.append(own - values[-1])
        yield values, 0.0

    def finish(self) -> None:
        """Let the stream of frames run to its end, so that it can say what is wrong with it."""
        self._store.finish()

    def _with_own(self, frame: int) -> float:
        """The loss of a frame of the latest chunk with its own vector exact; its error before is noted."""
        first, memory = self._starts[-1]
        vectors = self._store.take(first, frame + 1)
        vectors[-1:] = self._exactly(frame, frame + 1)
        value = self._run(first, frame, memory, vectors)[-1]
        start, values = self._rough
        self._errors.append(value - values[frame - start])
        return value

    def _run(self, first: int, frame: int, memory: Memory, vectors: Tensor) -> list[float]:
        """The losses of frames `first` to `frame` (included) from a chunk's memory on."""
        values: list[float] = []
        with torch.inference_mode():
            for part, actions in zip(
                torch.split(vectors, LARGEST_CHUNK),
                torch.split(self._actions[first : frame + 1], LARGEST_CHUNK),
                strict=True,
            ):
                losses, memory = self._policy.losses(part, actions, memory)
                values += losses.tolist()
        return values

    def _exactly(self, start: int, end: int) -> Tensor:
        """The policy's own vectors of the latest frames; each is computed once."""
        kept = self._store.recent(start, end)
        for frame in [number for number in self._exact if number < start - 2 * LARGEST_CHUNK * CHUNKS]:
            del self._exact[frame]
        with torch.inference_mode():
            for number, pixels in zip(range(end - len(kept), end), kept, strict=True):
                if number not in self._exact:
                    self._exact[number] = self._policy.features(torch.from_numpy(pixels[None]))
                    self.checked += 1
        rough = self._store.take(start, end - len(kept))
        return torch.cat([rough, *(self._exact[number] for number in range(end - len(kept), end))])

    def _audit(self, start: int, values: list[float]) -> None:
        """Note how far losses are off: of the first frames all, later of one of every 64."""
        if not self._audited or start < self._next_audit:
            return
        self._next_audit = start + LARGEST_CHUNK
        if start > 0:
            self._with_own(start + len(values) // 2)
            return
        values = values[:FIRST_AUDIT]
        exact = self._run(0, len(values) - 1, self._policy.empty(), self._exactly(0, len(values)))
        self._rests += [self._with_own(place) - exact[place] for place in AUDITED if place < len(values)]
        self._errors = [rough - value for rough, value in zip(values, exact, strict=True)]


def _root_mean_square(values: list[float]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values else 0.0
