"""What is wrong with an `Env`: a check for authors of games.

After Gymnasium's `env_checker`, which does the same for reinforcement-learning environments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from groundup.envs.errors import ActionRefused
from groundup.envs.types import (
    Accepts,
    Action,
    Click,
    DoubleClick,
    Drag,
    Env,
    Frame,
    KeyPress,
    Scroll,
    TypeText,
)

_ACTIONS = 12
"""How many actions each of the two replays consists of."""


def check_env(env: Env, *, deterministic: bool = True) -> list[str]:
    """What is wrong with `env`, one sentence each; an empty list when nothing is. Closes `env`.

    `deterministic` also asks that the same seed and the same actions give the same frames.
    """
    if not isinstance(env, Env):
        return ["It lacks a method or property of the Env protocol: see groundup.envs.types.Env."]
    wrong: list[str] = []
    for check in (_check_describes, _check_frames, _check_refuses):
        wrong += _guarded(check, env)
    if deterministic:
        wrong += _guarded(_check_repeats, env)
    return wrong + _guarded(_check_closes, env)


def _guarded(check: Callable[[Env], Iterator[str]], env: Env) -> list[str]:
    try:
        return list(check(env))
    except Exception as error:
        return [f"{check.__name__.removeprefix('_')} raised {type(error).__name__}: {error}."]


def _check_describes(env: Env) -> Iterator[str]:
    if not env.name or not isinstance(env.name, str):
        yield "Its name is empty or no string."
    if len(env.size) != 2 or min(env.size) < 1:
        yield f"Its size {env.size} is not a width and a height in pixels."
    if not isinstance(env.accepts, Accepts):
        yield "What it accepts is not an Accepts."


def _check_frames(env: Env) -> Iterator[str]:
    before = env.reset(seed=1)
    yield from _check_frame(env, before)
    kept = before.pixels.copy()
    for action in _actions(env, seed=1):
        env.act(action)
        after = env.observe()
        yield from _check_frame(env, after)
        if after.index <= before.index:
            yield f"The index does not grow from frame to frame: {before.index}, then {after.index}."
        if after.t < before.t:
            yield f"The clock goes back: {before.t}, then {after.t} seconds."
        if np.shares_memory(before.pixels, after.pixels):
            yield "Two frames share memory: give each its own array."
        if not np.array_equal(before.pixels, kept):
            yield "An older frame changed when a newer one was taken."
        if after.index <= before.index or after.t < before.t:
            return
        before, kept = after, after.pixels.copy()


def _check_frame(env: Env, frame: Frame) -> Iterator[str]:
    width, height = env.size
    if frame.pixels.dtype != np.uint8:
        yield f"The pixels are {frame.pixels.dtype}, not uint8."
    if frame.pixels.shape != (height, width, 3):
        yield f"The pixels have shape {frame.pixels.shape}, not {(height, width, 3)} as its size says."
    elif not frame.pixels.flags.c_contiguous:
        yield "The pixels are not contiguous: pass them through numpy.ascontiguousarray."


def _check_refuses(env: Env) -> Iterator[str]:
    env.reset(seed=1)
    takes = env.accepts
    x, y = env.size[0] // 2, env.size[1] // 2
    undeclared: list[tuple[bool, Action]] = [
        (takes.click, Click(x, y)),
        (takes.right_click, Click(x, y, "right")),
        (takes.double_click, DoubleClick(x, y)),
        (takes.drag, Drag(((x, y), (x + 1, y + 1)))),
        (takes.scroll, Scroll(x, y, 0, 10)),
        (takes.text, TypeText("a")),
        (bool(takes.keys), KeyPress(("a",))),
    ]
    for declared, action in undeclared:
        if declared:
            continue
        try:
            env.act(action)
        except ActionRefused:
            continue
        yield f"It takes {action} although it does not declare it: raise ActionRefused."


def _check_repeats(env: Env) -> Iterator[str]:
    first, second = (list(_replay(env, seed=5)) for _ in range(2))
    for place, (a, b) in enumerate(zip(first, second, strict=True)):
        if not np.array_equal(a.pixels, b.pixels):
            yield f"The same seed and actions give other pixels after {place} actions."
            return


def _replay(env: Env, seed: int) -> Iterator[Frame]:
    yield env.reset(seed=seed)
    for action in _actions(env, seed):
        env.act(action)
        yield env.observe()


def _actions(env: Env, seed: int) -> Iterator[Action]:
    rng = np.random.default_rng(seed)
    takes = env.accepts
    for _ in range(_ACTIONS):
        x, y, to_x, to_y = (int(v) for v in rng.integers(0, [*env.size, *env.size]))
        if takes.keys and (rng.random() < 0.5 or not takes.click):
            yield KeyPress((takes.keys[int(rng.integers(len(takes.keys)))],))
        elif takes.drag and rng.random() < 0.3:
            yield Drag(((x, y), (to_x, to_y)))
        elif takes.click:
            yield Click(x, y)


def _check_closes(env: Env) -> Iterator[str]:
    env.close()
    try:
        env.close()
    except Exception as error:
        yield f"Closing it twice raises {type(error).__name__}: {error}."
