"""Equal to what OpenAI's and CraftJarvis's code computes (../shared/data/vpt-golden)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from groundup.skills.discovery.rules.reference import ReferenceRule
from groundup.skills.discovery.types import Losses
from groundup.skills.discovery.vpt import methods
from groundup.skills.discovery.vpt.actions import BUTTONS, Actions
from groundup.skills.discovery.vpt.bfloat import is_native
from groundup.skills.discovery.vpt.demonstrations import (
    SIDE,
    Demonstration,
    Source,
    demonstration,
    in_video,
    predicted,
)
from groundup.skills.discovery.vpt.engine import ChunkedLosses, SteppedLosses
from groundup.skills.discovery.vpt.files import load_idm, load_policy
from groundup.skills.discovery.vpt.methods import bfloat_losses, winograd_losses
from groundup.skills.discovery.vpt.networks import Policy
from groundup.skills.discovery.vpt.recordings import from_actions, read_recording

NAMES = ("recorded", "idm")


@dataclass(frozen=True)
class Golden:
    policy: Policy
    expected: dict[str, Any]
    frames: dict[str, Any]
    demonstrations: dict[str, Demonstration]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """The references' rounding: with more threads torch takes another group norm for one frame alone."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def golden(data: Path) -> Golden:
    folder = data / "vpt-golden"
    recordings = {
        "recorded": read_recording(folder / "clip.jsonl"),
        "idm": predicted(Source(folder / "clip.mp4"), load_idm(folder / "idm.model")),
    }
    return Golden(
        load_policy(folder / "policy.model"),
        json.loads((folder / "expected.json").read_text()),
        dict(np.load(folder / "frames.npz")),
        {
            name: demonstration(Source(folder / "clip.mp4"), recording)
            for name, recording in recordings.items()
        },
    )


@pytest.fixture(scope="module")
def decoded(golden: Golden) -> dict[str, list[NDArray[np.uint8]]]:
    """The frames that the policy sees, from the video itself."""
    return {name: list(demo.frames()) for name, demo in golden.demonstrations.items()}


def _cut(losses: Losses, demo: Demonstration, gap: float) -> list[list[int]]:
    segments = ReferenceRule(gap=gap).cut(losses, demo.track)
    return [list(in_video(demo, segment.start, segment.end)) for segment in segments]


@pytest.mark.parametrize("name", NAMES)
def test_the_frames_and_actions_are_the_references(golden: Golden, name: str) -> None:
    demo, expected = golden.demonstrations[name], golden.expected[name]
    assert demo.kept.tolist() == expected["frames"]
    assert demo.track.gui.tolist() == expected["gui"]
    actions = demo.recording.actions[demo.kept]
    assert actions.buttons.astype(int).tolist() == [[a[b] for b in BUTTONS] for a in expected["actions"]]
    np.testing.assert_allclose(actions.camera, [a["camera"] for a in expected["actions"]], atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_frames_decoded_from_the_video_are_equal_to_the_bit(golden: Golden, decoded: Any, name: str) -> None:
    """Where a menu is open, but for the pointer: VPT's picture of it is not ours to keep."""
    demo = golden.demonstrations[name]
    for number, pixels in enumerate(decoded[name]):
        differs = (pixels != golden.frames[name][number]).any(axis=2)
        if demo.track.gui[number]:
            at = demo.recording.cursor[demo.kept[number]] / 720
            rows, columns = np.nonzero(differs)
            assert len(rows) <= 4
            assert (abs(rows / SIDE - at[1]) < 0.06).all()
            assert (abs(columns / SIDE - at[0] * 9 / 16) < 0.04).all()
        else:
            assert not differs.any()


FIRST = partial(SteppedLosses, channels_first=True)


@pytest.mark.parametrize(
    ("engine", "off"),
    # Torch's kernels for channels first, a baseline only, are 1.03e-4 off at frame 0 on an AMD EPYC.
    [(SteppedLosses, 1e-4), (FIRST, 2e-4), (ChunkedLosses, 1e-4), (winograd_losses, 1e-4)],
)
@pytest.mark.parametrize("name", NAMES)
def test_losses_and_boundaries_are_the_references(golden: Golden, name: str, engine: Any, off: float) -> None:
    demo, expected = golden.demonstrations[name], golden.expected[name]

    cnn = None
    for gap, boundaries in expected["boundaries_by_gap"].items():
        losses = engine(golden.policy, demo.joint, iter(golden.frames[name]))
        if isinstance(losses, SteppedLosses):
            losses._cnn = cnn = cnn or _once(losses._cnn)
        first = _heard(losses)
        assert _cut(losses, demo, float(gap)) == boundaries
    # By the last gap the clip is one segment: all its losses were read, with memory never emptied.
    assert len(boundaries) == 1
    np.testing.assert_allclose(first, expected["loss_without_reset"], atol=off, rtol=0)


def _once(cnn: Any) -> Any:
    """A frame's vector knows nothing of memory: it is computed once, whatever the gap."""
    known: dict[bytes, Any] = {}

    def vector(picture: torch.Tensor) -> Any:
        key = picture.numpy().tobytes()
        if key not in known:
            known[key] = cnn(picture)
        return known[key]

    return vector


def _heard(losses: Any) -> list[float]:
    """What will have been read of the losses since the first frame."""
    since, heard = losses.since, []

    def told(start: int) -> Iterator[float]:
        for value in since(start):
            if start == 0:
                heard.append(value)
            yield value

    losses.since = told
    return heard


@pytest.mark.skipif(
    not is_native(),
    reason="without bfloat16 in the processor --fast does not use it: emulated, an error of 7 root mean "
    "squares was seen, where 5 are taken for sure",
)
@pytest.mark.parametrize("name", NAMES)
def test_bfloat16_is_off_by_what_it_says_and_its_boundaries_are_the_references(
    golden: Golden, name: str
) -> None:
    demo, expected = golden.demonstrations[name], golden.expected[name]
    losses = bfloat_losses(golden.policy, demo.joint, iter(golden.frames[name]))
    off = np.abs(np.array(list(losses.since(0))) - expected["loss_without_reset"])
    assert 1e-4 < off.max() < losses.tolerance < 1
    checked = 0
    for gap, boundaries in expected["boundaries_by_gap"].items():
        losses = bfloat_losses(golden.policy, demo.joint, iter(golden.frames[name]))
        assert _cut(losses, demo, float(gap)) == boundaries
        checked += losses.checked
    assert 0 < checked < 240 * len(expected["boundaries_by_gap"])


@pytest.mark.parametrize("native", [False, True])
def test_fast_is_bfloat16_only_where_the_processor_has_it(
    golden: Golden, monkeypatch: pytest.MonkeyPatch, native: bool
) -> None:
    monkeypatch.setattr(methods, "is_native", lambda: native)
    how = [
        methods.losses_of(golden.policy, golden.demonstrations[NAMES[0]].joint, iter(()), precision)[1]
        for precision in ("exact", "fast")
    ]
    assert how == ["float32", "bfloat16, checked in float32" if native else "float32"]


@pytest.mark.parametrize("name", NAMES)
def test_boundaries_from_the_video_itself(golden: Golden, decoded: Any, name: str) -> None:
    demo = golden.demonstrations[name]
    for gap, boundaries in golden.expected[name]["boundaries_by_gap"].items():
        losses = ChunkedLosses(golden.policy, demo.joint, iter(decoded[name]))
        assert _cut(losses, demo, float(gap)) == boundaries


def test_actions_of_the_inverse_model_from_the_frames(golden: Golden, data: Path) -> None:
    idm = load_idm(data / "vpt-golden" / "idm.model")
    pressed, memory = [], idm.empty()
    with torch.inference_mode():
        for window in torch.from_numpy(golden.frames["idm"]).split(32):
            buttons, _, memory = idm.actions(window, memory)
            pressed.append(buttons.numpy().astype(bool))
    recorded = from_actions(Actions(np.concatenate(pressed), np.zeros((240, 2))))
    expected = [[bool(a[b]) for b in BUTTONS] for a in golden.expected["idm"]["actions"]]
    assert recorded.actions.buttons.tolist() == expected
