"""VPT's files: a .model (pickled architecture arguments) with its .weights (a torch state dict) beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from groundup.envs.errors import UsageError
from groundup.skills.discovery.vpt.cnn import Norms
from groundup.skills.discovery.vpt.networks import Architecture, Conv3d, InverseDynamics, Policy
from groundup.skills.discovery.vpt.pickles import read_pickle
from groundup.skills.discovery.vpt.transformer import BlockShape

Network = TypeVar("Network", bound=nn.Module)

_KNOWN = frozenset(
    (
        *(
            "attention_heads",
            "attention_mask_style",
            "attention_memory_size",
            "diff_mlp_embedding",
            "hidsize",
        ),
        *("img_shape", "impala_chans", "impala_kwargs", "impala_width", "init_norm_kwargs", "only_img_input"),
        *("n_recurrence_layers", "pointwise_ratio", "pointwise_use_activation", "recurrence_is_residual"),
        *("recurrence_type", "single_output", "timesteps", "use_pointwise_layer", "use_pre_lstm_ln"),
        *("conv3d_params", "active_reward_monitors", "input_shape", "img_statistics", "scale_input_img"),
        *("first_conv_norm", "obs_processing_width"),
    )
)


class WeightsInvalid(UsageError):
    """A .model or .weights file is none, or does not fit its other half."""


def load_policy(path: Path, weights: Path | None = None) -> Policy:
    """The policy of a .model file and its .weights (beside it, if not given). Raises WeightsInvalid."""
    model, weights = _pair(path, weights)
    shape = read_architecture(model)
    if shape.conv3d is not None:
        raise WeightsInvalid(f"{model} describes an inverse dynamics model: give it with --idm.")
    return _filled(_on_meta(Policy, shape, model), weights)


def load_idm(path: Path, weights: Path | None = None) -> InverseDynamics:
    """The inverse dynamics model of a .model file and its .weights. Raises WeightsInvalid."""
    model, weights = _pair(path, weights)
    return _filled(_on_meta(InverseDynamics, read_architecture(model), model), weights)


def read_architecture(path: Path) -> Architecture:
    """The architecture arguments of a .model file. Raises WeightsInvalid, PickleRefused."""
    document = read_pickle(path)
    try:
        arguments = document["model"]["args"]
        net, head = arguments["net"]["args"], arguments.get("pi_head_opts", {})
        return _architecture(path, net, head)
    except KeyError as error:
        raise WeightsInvalid(f"{path} is not a VPT .model file: it has no {error}.") from None
    except (TypeError, AttributeError, ValueError, ArithmeticError) as error:
        raise WeightsInvalid(f"{path} is not a VPT .model file: {error}.") from error


def _architecture(path: Path, net: Mapping[str, Any], head: Mapping[str, Any]) -> Architecture:
    unknown = sorted(set(net) - _KNOWN)
    if unknown:
        raise WeightsInvalid(f"{path} has the architecture argument {unknown[0]!r}, which is not known here.")
    if net["recurrence_type"] != "transformer":
        raise WeightsInvalid(
            f"{path} has recurrence {net['recurrence_type']!r}; VPT's files have transformers."
        )
    for name in ("img_statistics", "diff_mlp_embedding"):
        if net.get(name):
            raise WeightsInvalid(f"{path} asks for {name}, which no published VPT file needs.")
    norms = net.get("init_norm_kwargs", {})
    style = net.get("attention_mask_style", "clipped_causal")
    if style not in ("clipped_causal", "none"):
        raise WeightsInvalid(f"{path} has the attention mask {style!r}; known are clipped_causal and none.")
    blocks = BlockShape(
        width=int(net["hidsize"]),
        heads=int(net.get("attention_heads", 8)),
        # Of the memory as VPT counts it, the chunk it trained with is taken off.
        memory=int(net.get("attention_memory_size", 2048)) - int(net["timesteps"]),
        causal=style == "clipped_causal",
        pointwise=bool(net.get("use_pointwise_layer", True)),
        pointwise_ratio=int(net.get("pointwise_ratio", 4)),
        pointwise_activation=bool(net.get("pointwise_use_activation", False)),
        residual=bool(net.get("recurrence_is_residual", True)),
    )
    if blocks.width % blocks.heads or blocks.memory < 0 or (blocks.causal and blocks.memory == 0):
        raise WeightsInvalid(f"{path} has attention sizes that do not fit each other.")
    height, width, channels = (int(side) for side in net["img_shape"])
    over_time = _conv3d(net.get("conv3d_params"))
    return Architecture(
        image=(height, width, channels),
        channels=tuple(int(net.get("impala_width", 1) * c) for c in net.get("impala_chans", (16, 32, 32))),
        norms=Norms(bool(norms.get("batch_norm", False)), norms.get("group_norm_groups")),
        pool_groups=net.get("impala_kwargs", {}).get("post_pool_groups"),
        blocks=blocks,
        block_count=int(net.get("n_recurrence_layers", 1)),
        before_blocks_norm=bool(net.get("use_pre_lstm_ln", True)),
        temperature=float(head.get("temperature", 1.0)),
        conv3d=over_time,
    )


def _conv3d(given: Mapping[str, Any] | None) -> Conv3d | None:
    if given is None:
        return None
    kernel, padding = ([int(n) for n in given[name]] for name in ("kernel_size", "padding"))
    return Conv3d(
        int(given["inchan"]),
        int(given["outchan"]),
        (kernel[0], kernel[1], kernel[2]),
        (padding[0], padding[1], padding[2]),
    )


def _pair(path: Path, weights: Path | None) -> tuple[Path, Path]:
    if path.suffix == ".weights":
        raise WeightsInvalid(f"{path} holds weights: give the .model file, the weights are found beside it.")
    weights = weights or path.with_suffix(".weights")
    for file in (path, weights):
        if not file.is_file():
            raise WeightsInvalid(f"There is no file {file}: a .model file needs its .weights beside it.")
    return path, weights


def _on_meta(kind: type[Network], shape: Architecture, model: Path) -> Network:
    """The network without memory for its numbers, which come from the file."""
    try:
        with torch.device("meta"):
            return kind(shape)
    except (ValueError, RuntimeError) as error:
        raise WeightsInvalid(f"{model} has sizes that do not fit each other ({error}).") from error


def _filled(network: Network, path: Path) -> Network:
    state = _state_dict(path)
    wanted = network.state_dict()
    missing, unexpected = sorted(set(wanted) - set(state)), sorted(set(state) - set(wanted))
    if missing:
        raise WeightsInvalid(f"{path} lacks {_named(missing)}: it belongs to another architecture.")
    if unexpected:
        raise WeightsInvalid(
            f"{path} has the unexpected {_named(unexpected)}: it belongs to another architecture."
        )
    for name, tensor in wanted.items():
        if tensor.shape != state[name].shape:
            sizes = f"{tuple(state[name].shape)} instead of {tuple(tensor.shape)}"
            raise WeightsInvalid(f"{path} has {name} of shape {sizes}: it belongs to another architecture.")
        if not torch.isfinite(state[name]).all():
            raise WeightsInvalid(f"{path} has numbers in {name} that are not finite: fetch it again.")
    network.load_state_dict({name: t.to(torch.float32) for name, t in state.items()}, assign=True)
    return network.requires_grad_(False).eval()


def _state_dict(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=False)
    except Exception as error:
        # torch.load raises whatever its zip reader or its restricted unpickler meets.
        reason = (str(error) or type(error).__name__).splitlines()[0][:120]
        raise WeightsInvalid(f"{path} is not a readable state dict ({reason}): fetch it again.") from error
    if not isinstance(state, dict) or not all(map(_is_weight, state.items())):
        raise WeightsInvalid(f"{path} is not a state dict: give the .weights file of a VPT model.")
    return state


def _is_weight(pair: tuple[Any, Any]) -> bool:
    name, value = pair
    return isinstance(name, str) and isinstance(value, Tensor) and value.layout == torch.strided


def _named(keys: list[str]) -> str:
    more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
    return f"{'key' if len(keys) == 1 else 'keys'} {keys[0]}{more}"
