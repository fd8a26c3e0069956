"""`groundup bench models`: what asking a model costs, ours beside the paper's schedule, on a counting server.

Both play the same game through the real client against a server on loopback that counts requests and
pictures (`reason/counting.py`). Its replies fit their form and mean nothing: what is compared is cost, not
play. The paper's schedule: research.md section 1, `reason/reference_vlm.py`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from groundup.agent import cli_play
from groundup.agent.machine import machine
from groundup.agent.model_options import ModelOptions
from groundup.agent.reason.counting import Counts, counting_server
from groundup.envs.errors import UsageError
from groundup.skills.processes import processes

MODEL = "gpt-4o"
"""The paper's model: its prices, its count of tokens."""

OURS, PAPER = "openai", "reference-vlm"
"""The policies that are compared."""

FROM = 500
"""Step from which a library counts as grown (design, section 5)."""

Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Counted:
    """One run: what was sent in all of it, and how many calls and steps of that came after step `FROM`."""

    policy: str
    steps: int
    whole: Counts
    late_calls: int
    late_steps: int
    cost_usd: float | None
    by_question: dict[str, Any]
    progress: float | None


def run(game: str, steps: int, seed: int, tell: Tell) -> dict[str, Any]:
    """Play `steps` steps with each policy, each from an empty library, and set their costs side by side."""
    if steps <= 0:
        raise UsageError(f"--steps {steps} is not a number of steps: give 1 or more.")
    counted: dict[str, Counted] = {}
    with processes(2) as pool:
        waiting = {pool.submit(play, game, policy, steps, seed): policy for policy in (OURS, PAPER)}
        for done in as_completed(waiting):
            one = counted[waiting[done]] = done.result()
            tell(len(counted), len(waiting), f"{one.policy}: {one.whole.calls} calls")
    ours, paper = counted[OURS], counted[PAPER]
    return {
        "results": [
            _row(
                "model calls a step",
                _share(ours.whole.calls, ours),
                _share(paper.whole.calls, paper),
                "calls",
                ours,
            ),
            _row(
                f"model calls a step from step {FROM} on",
                _late(ours),
                _late(paper),
                "calls",
                ours,
            ),
            _row("image tokens", ours.whole.image_tokens, paper.whole.image_tokens, "tokens", ours),
            _row("text tokens", ours.whole.text_tokens, paper.whole.text_tokens, "tokens", ours),
            _row("pictures", ours.whole.pictures, paper.whole.pictures, "pictures", ours),
            _row("bytes of pictures", ours.whole.image_bytes, paper.whole.image_bytes, "bytes", ours),
            _row(f"cost at {MODEL}'s price", ours.cost_usd, paper.cost_usd, "$", ours),
        ],
        "game": game,
        "seed": seed,
        "steps": {policy: one.steps for policy, one in counted.items()},
        "by_question": {policy: one.by_question for policy, one in counted.items()},
        "progress": {policy: one.progress for policy, one in counted.items()},
        "machine": machine(),
    }


def play(game: str, policy: str, steps: int, seed: int) -> Counted:
    """Play with one policy and a counting server of its own."""
    cv2.setNumThreads(1)  # the run beside this one needs the other core
    with counting_server(seed) as server, tempfile.TemporaryDirectory(prefix="groundup-bench-") as folder:
        at: list[tuple[int, int]] = []

        def watch(done: int, _: int, __: str) -> None:
            if done <= FROM or not at:
                at[:] = [(done, server.counts.calls)]

        options = cli_play.PlayOptions(
            game=game,
            steps=steps,
            seed=seed,
            library=str(Path(folder, "library.db")),
            policy=policy,
            out=Path(folder),
            model=ModelOptions(model=MODEL, base_url=server.url),
        )
        report = cli_play.play(options, watch).report
        whole = server.counts.copy()
    done, calls = at[0]
    return Counted(
        policy,
        report["steps"],
        whole,
        whole.calls - calls,
        report["steps"] - done,
        _cost(whole, report),
        report["model"]["by_question"],
        report["progress_mean_last"],
    )


def _cost(counts: Counts, report: dict[str, Any]) -> float | None:
    """What the run would cost with OpenAI, by genai-prices; a server on loopback has no price of its own."""
    from groundup.agent.reason.costs import Prices
    from groundup.agent.reason.keys import OPENAI
    from groundup.agent.reason.usage import Usage

    tokens_in = counts.image_tokens + counts.text_tokens
    tokens_out = max(0, report["tokens"] - tokens_in)
    return Prices(MODEL, OPENAI).of(Usage(counts.calls, tokens_in, tokens_out))


def _share(calls: int, one: Counted) -> float:
    return calls / one.steps


def _late(one: Counted) -> float | None:
    return one.late_calls / one.late_steps if one.late_steps > 0 else None


def _row(case: str, ours: float | None, baseline: float | None, unit: str, one: Counted) -> dict[str, Any]:
    """`ratio`: how many times less ours is."""
    ratio = round(baseline / ours, 1) if ours and baseline is not None else None
    return {"case": case, "ours": ours, "baseline": baseline, "ratio": ratio, "unit": unit, "n": one.steps}
