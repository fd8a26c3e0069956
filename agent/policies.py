"""The policies by name: the seam where a new one is added."""

from __future__ import annotations

from groundup.agent.policy import ElementsPolicy, Policy, RandomPolicy
from groundup.envs.errors import UsageError
from groundup.envs.types import Env
from groundup.skills.learner import Learner

POLICIES = ("local", "random", "elements", "reference")
"""Rules and statistics; clicks anywhere; clicks on proposals; the paper's loop without its model."""

MODELS = ("openai", "transformers", "scripted", "reference-vlm")
"""Those that ask a model: a server, a checkpoint here, a script; the paper's loop with a server."""


def make_policy(name: str, seed: int, env: Env, *, learning: bool = True) -> Policy:
    """The policy of that name for `env`; raises `UsageError` for an unknown one."""
    match name:
        case "local":
            # What is played with keys, a world or a desk, is seldom over and begun anew.
            endless = bool(env.accepts.keys)
            return Learner(seed, learning=learning, drags=env.accepts.drag, endless=endless)
        case "random":
            return RandomPolicy(seed, env.size, env.accepts)
        case "elements":
            return ElementsPolicy(seed)
        case "reference":
            from groundup.agent.reference import ReferencePolicy

            return ReferencePolicy(seed, learning=learning)
    raise UsageError(f"No policy is called {name!r}: choose one of {', '.join(POLICIES)}.")
