"""VPT's policy and inverse dynamics model (IDM), with the key names of its files (arXiv 2206.11795, B.1 and
D.1)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from groundup.skills.discovery.vpt.actions import BUTTONS, CAMERA_BINS, JOINT_BUTTONS
from groundup.skills.discovery.vpt.cnn import ImageProcess, ImpalaCnn, Layer, Linear, Norms, as_input, dense
from groundup.skills.discovery.vpt.transformer import Blocks, BlockShape, Memory


@dataclass(frozen=True, slots=True)
class Conv3d:
    """The IDM's convolution over time, before the CNN."""

    inputs: int
    outputs: int
    kernel: tuple[int, int, int]
    padding: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a .model file says of a network."""

    image: tuple[int, int, int]
    channels: tuple[int, ...]
    norms: Norms
    pool_groups: int | None
    blocks: BlockShape
    block_count: int
    before_blocks_norm: bool
    temperature: float
    conv3d: Conv3d | None = None


class Net(nn.Module):
    """Frames to latents: the CNN, the transformer, and a last layer."""

    def __init__(self, shape: Architecture, *, inverse: bool) -> None:
        super().__init__()
        width = shape.blocks.width
        self._inverse = inverse
        first_norm = inverse and shape.conv3d is not None
        cnn = ImpalaCnn(
            shape.image,
            shape.channels,
            shape.norms,
            first_conv_norm=first_norm,
            pool_groups=shape.pool_groups,
        )
        self.img_process = ImageProcess(cnn, width, shape.norms)
        self.pre_lstm_ln = nn.LayerNorm(width) if shape.before_blocks_norm else None
        self.recurrent_layer = Blocks(shape.blocks, shape.block_count)
        self.lastlayer = dense(width, width, normed=shape.norms.any)
        self.final_ln = nn.LayerNorm(width)
        if shape.conv3d is not None:
            over_time = shape.conv3d
            layer = nn.Conv3d(
                over_time.inputs, over_time.outputs, over_time.kernel, padding=over_time.padding
            )
            self.conv3d_layer = Layer(None, layer)

    def latents(self, features: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Take the CNN's vectors (t, 256) of a chunk; give latents (t, width) and the new memory."""
        x = self.img_process.linear(features)
        if self.pre_lstm_ln is not None and not self._inverse:
            x = self.pre_lstm_ln(x)
        x, memory = self.recurrent_layer(x, memory)
        x = functional.relu(x)
        # VPT's inverse model was trained with its last layer left out, though its files carry one.
        return self.final_ln(x if self._inverse else self.lastlayer(x)), memory


class Categorical(nn.Module):
    """`size` choices among `options` each; log-probabilities (t, size, options)."""

    def __init__(self, width: int, size: int, options: int, temperature: float) -> None:
        super().__init__()
        self.linear_layer = Linear(width, size * options)
        self.size, self.options, self.temperature = size, options, temperature

    def forward(self, x: Tensor) -> Tensor:
        scores = self.linear_layer(x).reshape(len(x), self.size, self.options)
        return functional.log_softmax(scores / self.temperature, dim=-1)


class Normalizer(nn.Module):
    """The running statistics of returns that a value head carries; kept, not used."""

    def __init__(self) -> None:
        super().__init__()
        self.running_mean = nn.Parameter(torch.zeros(1), requires_grad=False)
        self.running_mean_sq = nn.Parameter(torch.zeros(1), requires_grad=False)
        self.debiasing_term = nn.Parameter(torch.tensor(0.0), requires_grad=False)


class ValueHead(nn.Module):
    """The estimate of returns that the policy's files carry; loaded so that keys agree, not used."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 1)
        self.normalizer = Normalizer()


class Policy(nn.Module):
    """What would be done at each frame, from the frames so far."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        width = shape.blocks.width
        self.shape = shape
        self.net = Net(shape, inverse=False)
        self.value_head = ValueHead(width)
        self.pi_head = nn.ModuleDict(
            {
                "camera": Categorical(width, 1, CAMERA_BINS**2, shape.temperature),
                "buttons": Categorical(width, 1, JOINT_BUTTONS, shape.temperature),
            }
        )

    def features(self, frames: Tensor) -> Tensor:
        """uint8 frames (n, 128, 128, 3) to vectors (n, 256) that do not depend on other frames."""
        result: Tensor = self.net.img_process.cnn(as_input(frames))
        return result

    def losses(self, features: Tensor, actions: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """-log p of the actions, int64 (t, 2) of joint buttons and camera, in nats (t,), and the new
        memory."""
        latents, memory = self.net.latents(features, memory)
        buttons = self.pi_head["buttons"](latents)[:, 0].gather(1, actions[:, :1])
        camera = self.pi_head["camera"](latents)[:, 0].gather(1, actions[:, 1:])
        return -(buttons + camera)[:, 0], memory

    def empty(self) -> Memory:
        """The memory before the first frame."""
        return self.net.recurrent_layer.empty()


class InverseDynamics(nn.Module):
    """What was done at each frame, from the frames before and after."""

    def __init__(self, shape: Architecture) -> None:
        super().__init__()
        width = shape.blocks.width
        self.shape = shape
        self.net = Net(shape, inverse=True)
        self.pi_head = nn.ModuleDict(
            {
                "camera": Categorical(width, 2, CAMERA_BINS, shape.temperature),
                "buttons": Categorical(width, len(BUTTONS), 2, shape.temperature),
            }
        )

    def actions(self, frames: Tensor, memory: Memory) -> tuple[Tensor, Tensor, Memory]:
        """uint8 frames (t, 128, 128, 3) to the likeliest buttons (t, 20), camera bins (t, 2), and the
        memory."""
        x = as_input(frames)
        if self.shape.conv3d is not None:
            x = self.net.conv3d_layer(x.transpose(0, 1)[None])[0].transpose(0, 1)
        # Bounded memory: the 4x IDM has 256 channels at full size, 17 MB a frame.
        vectors = torch.cat([self.net.img_process.cnn(part) for part in torch.split(x, 8)])
        latents, memory = self.net.latents(vectors, memory)
        buttons = self.pi_head["buttons"](latents).argmax(-1)
        return buttons, self.pi_head["camera"](latents).argmax(-1), memory

    def empty(self) -> Memory:
        """The memory before the first frame."""
        return self.net.recurrent_layer.empty()
