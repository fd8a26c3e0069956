"""The losses of a demonstration under a VPT policy, fast: the CNN once in batches, the transformer in chunks.

The CNN's vectors do not depend on memory, so they survive a boundary; a chunk computed past a boundary is
dropped.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from groundup.envs.errors import GroundupError
from groundup.skills.discovery.vpt.cnn import as_input
from groundup.skills.discovery.vpt.features import BATCH, FeatureStore
from groundup.skills.discovery.vpt.networks import Policy

FIRST_CHUNK = 32
LARGEST_CHUNK = 64
"""Frames; shorter at first, since many segments are, then doubled. Reading the weights takes as long as
computing 26 frames (measured, 1x: 69 ms for 8 frames, 86 for 16, 175 for 64), so that still shorter chunks
lose more than a boundary drops."""

GPU_BATCH = 64
"""Frames; 0.8 GB of activations at VPT's 3x size."""


class LossesInvalid(GroundupError):
    """The policy computed a loss that is not a number."""


class ChunkedLosses:
    """-log p of the actions taken, int64 (frames, 2) as `to_joint` gives them, in full precision."""

    def __init__(
        self, policy: Policy, actions: NDArray[np.int64], frames: Iterator[NDArray[np.uint8]]
    ) -> None:
        self._policy = policy
        self._actions = torch.from_numpy(actions)
        place = next(policy.parameters()).device
        self._store = FeatureStore(
            frames,
            lambda pictures: policy.features(pictures.to(place)).cpu(),
            batch=BATCH if place.type == "cpu" else GPU_BATCH,
        )

    def __len__(self) -> int:
        return len(self._actions)

    def since(self, start: int) -> Iterator[float]:
        """See `Losses`."""
        yield from chunked(self._policy, self._store, self._actions, start)

    def finish(self) -> None:
        """Let the stream of frames run to its end, so that it can say what is wrong with it."""
        self._store.finish()


def chunked(policy: Policy, store: FeatureStore, actions: Tensor, start: int) -> Iterator[float]:
    """The losses of frames from `start` on, computed a chunk at a time. Raises LossesInvalid."""
    memory, chunk = policy.empty(), FIRST_CHUNK
    while start < len(actions):
        with torch.inference_mode():
            vectors = store.take(start, min(start + chunk, len(actions)))
            if len(vectors) == 0:
                return
            place = memory[0][0].device
            taken = actions[start : start + len(vectors)].to(place)
            losses, memory = policy.losses(vectors.to(place), taken, memory)
        yield from finite(losses.cpu(), start)
        start += len(vectors)
        chunk = min(2 * chunk, LARGEST_CHUNK)


def finite(losses: Tensor, first: int) -> list[float]:
    """The losses as numbers. Raises LossesInvalid where one is none."""
    bad = (~torch.isfinite(losses)).nonzero()
    if len(bad):
        raise LossesInvalid(
            f"The policy's loss at frame {first + int(bad[0])} is not a number: its weights are damaged, "
            "or belong to another architecture."
        )
    values: list[float] = losses.tolist()
    return values


class SteppedLosses:
    """The same losses frame by frame: what the engine is measured against.

    The reference's frames lie with channels last in memory; `channels_first` is torch's default.
    """

    def __init__(
        self,
        policy: Policy,
        actions: NDArray[np.int64],
        frames: Iterator[NDArray[np.uint8]],
        *,
        channels_first: bool = False,
    ) -> None:
        self._channels_first = channels_first
        self._policy = policy
        self._actions = torch.from_numpy(actions)
        self._cnn = policy.net.img_process.cnn
        self._frames = frames
        self._kept: list[NDArray[np.uint8]] = []

    def __len__(self) -> int:
        return len(self._actions)

    def since(self, start: int) -> Iterator[float]:
        """See `Losses`; the frames are kept in memory."""
        memory = self._policy.empty()
        for frame in range(start, len(self)):
            while len(self._kept) <= frame:
                self._kept.append(next(self._frames))
            with torch.inference_mode():
                picture = as_input(torch.from_numpy(self._kept[frame])[None])
                vector = self._cnn(picture.contiguous() if self._channels_first else picture)
                loss, memory = self._policy.losses(vector, self._actions[frame : frame + 1], memory)
            yield from finite(loss, frame)
