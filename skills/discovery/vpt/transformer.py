"""The recurrent half of VPT's networks: transformer blocks that remember the last frames (arXiv 2206.11795,
B.1).

Attention weighs by distance in time (Transformer-XL's relative positions, arXiv 1901.02860, by ten learnt
basis functions), and scores are divided by the width of a head, not its root (muP, arXiv 2203.03466).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from groundup.skills.discovery.vpt.cnn import Linear, dense

BASES = 10
"""Basis functions of a head's bias over distances, in every VPT network."""

Memory = list[tuple[Tensor, Tensor]]
"""Of each block the keys and values of the frames it still sees, each (frames, width)."""


@dataclass(frozen=True, slots=True)
class BlockShape:
    """What a .model file says of the transformer."""

    width: int
    heads: int
    memory: int
    """Frames a frame attends to, itself included, where `causal`; else frames before the chunk."""
    causal: bool
    pointwise: bool
    pointwise_ratio: int
    pointwise_activation: bool
    residual: bool


class Attention(nn.Module):
    """Self-attention over the remembered frames and a chunk of new ones, added to its input."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        width = shape.width
        self.heads, self.memory, self.causal = shape.heads, shape.memory, shape.causal
        self.q_layer = Linear(width, width)
        self.k_layer = Linear(width, width, bias=False)
        self.v_layer = Linear(width, width, bias=False)
        self.proj_layer = Linear(width, width)
        self.r_layer = Linear(width, BASES * shape.heads)
        self.b_nd = nn.Parameter(torch.zeros(BASES, shape.memory))

    def forward(self, x: Tensor, memory: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Take (t, width) and what is remembered; give what to add, (t, width), and the new memory."""
        keys = torch.cat([memory[0], self.k_layer(x)])
        values = torch.cat([memory[1], self.v_layer(x)])
        queries = self._split(self.q_layer(x))
        bias = self._bias(x, len(keys))
        scores = torch.baddbmm(bias, queries, self._split(keys).transpose(1, 2), alpha=1.0 / queries.shape[2])
        seen = torch.softmax(scores, dim=2) @ self._split(values)
        out = self.proj_layer(seen.transpose(0, 1).reshape(len(x), -1))
        first = max(len(keys) - self.memory, 0)
        return out, (keys[first:], values[first:])

    def _split(self, x: Tensor) -> Tensor:
        """(t, width) as (heads, t, width of a head)."""
        return x.reshape(len(x), self.heads, -1).transpose(0, 1)

    def _bias(self, x: Tensor, total: int) -> Tensor:
        """(heads, t, total): what distance adds to each score; minus infinity where not to look."""
        t = len(x)
        distance = (
            torch.arange(total - t, total, device=x.device)[:, None]
            - torch.arange(total, device=x.device)[None]
        )
        near = (distance >= 0) & (distance < self.memory)
        bias = x.new_zeros(self.heads, t, total)
        if self.memory:
            by_distance = self._split(self.r_layer(x)) @ self.b_nd
            bias = by_distance.gather(2, distance.clamp(0, self.memory - 1).expand(self.heads, -1, -1))
        return torch.where(near, bias, -torch.inf if self.causal else 0.0)


class AttentionSlot(nn.Module):
    """Holds the attention under the name it has in VPT's files."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.orc_block = Attention(shape)


class Block(nn.Module):
    """Attention, then a pointwise network, each beside an identity."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        width = shape.width
        self.shape = shape
        self.pre_r_ln = nn.LayerNorm(width)
        self.r = AttentionSlot(shape)
        if shape.pointwise:
            inner = width * shape.pointwise_ratio
            self.mlp0 = dense(width, inner, normed=True)
            self.mlp1 = dense(inner, width, normed=False, activate=shape.pointwise_activation)

    def forward(self, x: Tensor, memory: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        normed = self.pre_r_ln(x)
        attended, memory = self.r.orc_block(normed, memory)
        # The identity runs past the attention only, not past the norm before it: so it is in VPT.
        x = normed + attended
        if self.shape.pointwise:
            inner = self.mlp1(self.mlp0(x))
            x = x + inner if self.shape.residual else inner
        return x, memory


class Blocks(nn.Module):
    """The blocks one after the other."""

    def __init__(self, shape: BlockShape, count: int) -> None:
        super().__init__()
        self.shape = shape
        self.blocks = nn.ModuleList([Block(shape) for _ in range(count)])

    def forward(self, x: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Take a chunk (t, width) and the memory before it; a memory is never changed, so it can be kept."""
        after: Memory = []
        for block, before in zip(self.blocks, memory, strict=True):
            x, remembered = block(x, before)
            after.append(remembered)
        return x, after

    def empty(self) -> Memory:
        """The memory before the first frame."""
        # Where nothing is masked VPT starts with frames of zeros, which are attended to.
        before = 0 if self.shape.causal else self.shape.memory
        like = next(self.parameters())
        zeros = like.new_zeros(before, self.shape.width)
        return [(zeros, zeros) for _ in self.blocks]
