"""VPT's actions: twenty buttons and two camera angles, quantised, and joined into one choice for the policy.

Source: arXiv 2206.11795, appendix C (camera bins by mu-law) and the hierarchical mapping of its action space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BUTTONS = (
    "attack", "back", "forward", "jump", "left", "right", "sneak", "sprint", "use", "drop", "inventory",
    *(f"hotbar.{number}" for number in range(1, 10)),
)  # fmt: skip
"""The buttons in the order of VPT's networks."""

CAMERA_BINS = 11
CAMERA_ZERO = CAMERA_BINS // 2
CAMERA_MAX = 10.0
"""Degrees a frame; more is cut off."""
CAMERA_BIN = 2.0
CAMERA_MU = 10.0

_GROUPS: tuple[tuple[str, ...], ...] = (
    tuple(f"hotbar.{number}" for number in range(1, 10)),
    ("forward", "back"),
    ("left", "right"),
    ("sprint", "sneak"),
    ("use",),
    ("drop",),
    ("attack",),
    ("jump",),
)
"""Buttons of which at most one counts; the order is the order of the joint choice's digits."""

_OPPOSITES = (("forward", "back"), ("left", "right"))

JOINT_BUTTONS = int(np.prod([len(group) + 1 for group in _GROUPS])) * 2 + 1
"""All combinations of the groups, with and without a moved camera, and the inventory: 8,641."""

_INVENTORY = BUTTONS.index("inventory")


@dataclass(frozen=True, slots=True, eq=False)
class Actions:
    """What was done at each frame: `buttons` bool (frames, 20), `camera` float (frames, 2), pitch and yaw
    in degrees."""

    buttons: NDArray[np.bool_]
    camera: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.buttons)

    def __getitem__(self, rows: NDArray[np.intp] | slice) -> Actions:
        return Actions(self.buttons[rows], self.camera[rows])


def to_bins(camera: NDArray[np.float64]) -> NDArray[np.int64]:
    """Degrees to the bins 0-10, finer near zero (mu-law)."""
    share = np.clip(camera, -CAMERA_MAX, CAMERA_MAX) / CAMERA_MAX
    encoded = (
        np.sign(share) * (np.log(1.0 + CAMERA_MU * np.abs(share)) / np.log(1.0 + CAMERA_MU)) * CAMERA_MAX
    )
    bins: NDArray[np.int64] = np.round((encoded + CAMERA_MAX) / CAMERA_BIN).astype(np.int64)
    return bins


def from_bins(bins: NDArray[np.int64]) -> NDArray[np.float64]:
    """The middle of each bin in degrees."""
    share = (bins * CAMERA_BIN - CAMERA_MAX) / CAMERA_MAX
    decoded: NDArray[np.float64] = np.sign(share) * ((1.0 + CAMERA_MU) ** np.abs(share) - 1.0) / CAMERA_MU
    return decoded * CAMERA_MAX


def is_null(actions: Actions) -> NDArray[np.bool_]:
    """Where nothing was done, before quantising."""
    still: NDArray[np.bool_] = ~actions.buttons.any(axis=1) & (actions.camera == 0).all(axis=1)
    return still


def is_null_quantised(actions: Actions) -> NDArray[np.bool_]:
    """Where nothing is left of an action once its camera is in bins."""
    still: NDArray[np.bool_] = ~actions.buttons.any(axis=1) & (to_bins(actions.camera) == CAMERA_ZERO).all(
        axis=1
    )
    return still


def to_joint(actions: Actions) -> NDArray[np.int64]:
    """(frames, 2): the policy's choice of buttons, 0 to 8,640, and of camera, 0 to 120.

    Opposite buttons cancel out; of other buttons in a group the later counts; the inventory excludes all
    else.
    """
    pressed = actions.buttons.copy()
    for one, other in _OPPOSITES:
        first, second = BUTTONS.index(one), BUTTONS.index(other)
        both = pressed[:, first] & pressed[:, second]
        pressed[both, first] = pressed[both, second] = False
    bins = to_bins(actions.camera)
    joint = np.zeros(len(actions), dtype=np.int64)
    for group in _GROUPS:
        digit = np.zeros(len(actions), dtype=np.int64)
        for value, button in enumerate(group, start=1):
            digit[pressed[:, BUTTONS.index(button)]] = value
        joint = joint * (len(group) + 1) + digit
    joint = joint * 2 + (bins != CAMERA_ZERO).any(axis=1)
    inventory = pressed[:, _INVENTORY]
    joint[inventory] = JOINT_BUTTONS - 1
    bins[inventory] = CAMERA_ZERO
    return np.stack([joint, bins[:, 0] * CAMERA_BINS + bins[:, 1]], axis=1)


def as_kinds(actions: Actions) -> NDArray[np.float32]:
    """(frames, 24): the buttons, then how far the camera went up, down, left and right, 1 being 10
    degrees."""
    turned = np.clip(actions.camera / CAMERA_MAX, -1.0, 1.0)
    ways = [np.maximum(sign * turned[:, axis], 0) for axis in (0, 1) for sign in (-1, 1)]
    return np.concatenate([actions.buttons, np.stack(ways, axis=1)], axis=1).astype(np.float32)
