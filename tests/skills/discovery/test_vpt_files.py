"""VPT's files: read without executing, refused with a sentence when they do not fit."""

from __future__ import annotations

import os
import pickle
import shutil
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from groundup.skills.discovery.vpt.files import WeightsInvalid, load_idm, load_policy, read_architecture
from groundup.skills.discovery.vpt.pickles import PickleRefused, Record, read_pickle


class Hostile:
    """Runs a command when unpickled the usual way."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_come_back_in_every_protocol(tmp_path: Path, protocol: int) -> None:
    value = {"a": [1, -2, 2**70, 1.5, True, None], "b": ("x", (), (1,), (1, 2), (1, 2, 3)), "c": {}, "d": "ä"}
    path = tmp_path / "plain.model"
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    assert read_pickle(path) == value
    path.write_bytes(pickle.dumps(OrderedDict(value), protocol=protocol))
    assert dict(read_pickle(path)) == value


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_hostile_pickle_executes_nothing(tmp_path: Path, protocol: int) -> None:
    harmed = tmp_path / "harmed"
    path = tmp_path / "hostile.model"
    path.write_bytes(pickle.dumps({"model": Hostile(f"touch {harmed}")}, protocol=protocol))
    record = read_pickle(path)["model"]
    assert isinstance(record, Record)
    assert record.name in ("posix.system", "nt.system")
    with pytest.raises(WeightsInvalid, match=r"hostile\.model"):
        read_architecture(path)
    assert not harmed.exists()
    pickle.loads(path.read_bytes())  # The same file does harm when it is unpickled the usual way.
    assert harmed.exists()


def test_classes_are_not_imported(tmp_path: Path) -> None:
    path = tmp_path / "import.model"
    path.write_bytes(b"\x80\x04c" + b"this_module_does_not_exist\nThing\n)R.")
    assert read_pickle(path) == Record("this_module_does_not_exist.Thing")


@pytest.mark.parametrize(
    "content", [b"", b"not a pickle", b"\x80\x04}", b"\x80\x04\x82\x01.", b"\x80\x04u.", b"\x80\x04P1\n."]
)
def test_what_is_no_plain_pickle_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.model"
    path.write_bytes(content)
    with pytest.raises(PickleRefused, match=r"broken\.model"):
        read_pickle(path)


@pytest.fixture
def files(data: Path, tmp_path: Path) -> Path:
    for name in ("policy.model", "policy.weights", "idm.model", "idm.weights"):
        shutil.copyfile(data / "vpt-golden" / name, tmp_path / name)
    return tmp_path


def test_a_missing_and_an_unexpected_key_are_named(files: Path) -> None:
    weights = files / "policy.weights"
    state = torch.load(weights, weights_only=True)
    taken = state.pop("net.final_ln.bias")
    torch.save(state, weights)
    with pytest.raises(WeightsInvalid, match=r"lacks key net\.final_ln\.bias"):
        load_policy(files / "policy.model")
    torch.save(state | {"net.final_ln.bias": taken, "net.extra.weight": taken}, weights)
    with pytest.raises(WeightsInvalid, match=r"unexpected key net\.extra\.weight"):
        load_policy(files / "policy.model")
    torch.save(state | {"net.final_ln.bias": taken[:-1]}, weights)
    with pytest.raises(WeightsInvalid, match=r"net\.final_ln\.bias of shape"):
        load_policy(files / "policy.model")
    torch.save(state | {"net.final_ln.bias": taken * float("nan")}, weights)
    with pytest.raises(WeightsInvalid, match="not finite"):
        load_policy(files / "policy.model")


def test_weights_of_another_architecture_are_refused(files: Path) -> None:
    with pytest.raises(WeightsInvalid, match="another architecture"):
        load_policy(files / "policy.model", files / "idm.weights")
    with pytest.raises(WeightsInvalid, match="--idm"):
        load_policy(files / "idm.model")
    with pytest.raises(WeightsInvalid, match="another architecture"):
        load_idm(files / "idm.model", files / "policy.weights")
    with pytest.raises(WeightsInvalid, match="beside it"):
        load_policy(files / "nothing.model")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x02}", b"\x80\x02."])
def test_weights_that_end_too_early_are_refused(files: Path, content: bytes) -> None:
    (files / "policy.weights").write_bytes(content)
    with pytest.raises(WeightsInvalid, match="not a readable state dict"):
        load_policy(files / "policy.model")


@pytest.mark.parametrize("state", [{1: torch.zeros(2), "a": torch.zeros(2)}, {"a": torch.eye(2).to_sparse()}])
def test_what_is_no_state_dict(files: Path, state: dict[Any, torch.Tensor]) -> None:
    torch.save(state, files / "policy.weights")
    with pytest.raises(WeightsInvalid, match="is not a state dict"):
        load_policy(files / "policy.model")


@pytest.mark.parametrize(
    "change",
    [
        {"attention_heads": 0},
        {"hidsize": float("inf")},
        {"hidsize": -64},
        {"init_norm_kwargs": {"batch_norm": False, "group_norm_groups": 7}},
    ],
)
def test_sizes_that_cannot_be_are_refused(files: Path, change: dict[str, Any]) -> None:
    document = read_pickle(files / "policy.model")
    document["model"]["args"]["net"]["args"].update(change)
    (files / "policy.model").write_bytes(pickle.dumps(document))
    with pytest.raises(WeightsInvalid, match=r"policy\.model"):
        load_policy(files / "policy.model")


def test_weights_that_execute_something_are_refused(files: Path) -> None:
    harmed = files / "harmed"
    torch.save({"net.final_ln.bias": Hostile(f"touch {harmed}")}, files / "policy.weights")
    with pytest.raises(WeightsInvalid, match="not a readable state dict"):
        load_policy(files / "policy.model")
    assert not harmed.exists()


def test_an_unknown_argument_is_named(files: Path) -> None:
    document = read_pickle(files / "policy.model")
    document["model"]["args"]["net"]["args"]["new_trick"] = True
    (files / "policy.model").write_bytes(pickle.dumps(document))
    with pytest.raises(WeightsInvalid, match="new_trick"):
        load_policy(files / "policy.model")
