"""Opens what `--policy` asks for, and finds out before the run whether it answers.

Nothing of a backend is imported unless it is asked for.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from groundup.agent.model_options import ModelOptions
from groundup.agent.reason import prompts
from groundup.agent.reason.costs import Budget, Prices
from groundup.agent.reason.errors import Invalid, NoAnswer, Spent
from groundup.agent.reason.keys import OPENAI, check_url, find_key, is_openai
from groundup.agent.reason.mind import Say, outcome
from groundup.agent.reason.pictures import plain
from groundup.agent.reason.profiles import Profile, read_profile
from groundup.agent.reason.reasoner import Reasoner, Stop, never
from groundup.agent.reason.scripted import ScriptedReasoner, read_script
from groundup.agent.reason.usage import NOTHING, Usage
from groundup.envs.errors import MissingPart, UsageError

COLORS = {"red": (220, 30, 30), "green": (30, 180, 60), "blue": (40, 70, 220), "yellow": (235, 210, 40)}
"""Of the picture that a model is shown first."""

PATIENCE = 60.0
"""Seconds for the first question: somebody waits for it, and can begin again."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A reasoner, its prices, and what the first question took."""

    reasoner: Reasoner
    prices: Prices
    first: Usage = NOTHING
    came: str = "ok"
    """What the log calls that question."""
    seconds: float = 0.0
    said: str = ""
    """What a person should know; empty when all is well."""


def open_reasoner(policy: str, options: ModelOptions, home: Path, say: Say, stop: Stop = never) -> Opened:
    """Open and ask once, within the budget; raises `UsageError` with what to do when it cannot answer.

    `say` is told who is asked: an answer may take a while.
    """
    profile = read_profile(options.profile) if options.profile is not None else None
    budget = Budget(options.max_calls, options.max_cost)
    if policy == "scripted":
        script = read_script(Path(options.model)) if options.model else None
        opened = Opened(ScriptedReasoner(script, profile=profile), Prices("scripted", free=True))
        budget.check(opened.prices)
        return opened
    local = policy == "transformers"
    opened = _local(options, profile, budget) if local else _server(options, profile, budget, home, stop)
    if budget.spent(0, 0.0) is not None:
        return opened
    if opened.prices.url is not None:
        say(f"Asking {opened.reasoner.model} at {opened.prices.url} ...")
    try:
        return prove(opened.reasoner, opened.prices, budget)
    except BaseException:
        opened.reasoner.close()
        raise


def _server(options: ModelOptions, profile: Profile | None, budget: Budget, home: Path, stop: Stop) -> Opened:
    if options.device or options.dtype:
        raise UsageError("--device and --dtype are for --policy transformers: leave them out.")
    if not options.model:
        raise UsageError("A server has many models: name one by --model.")
    url = OPENAI if options.base_url is None else check_url(options.base_url)
    prices = Prices(options.model, url)
    try:
        budget.check(prices)
        key = find_key(url, options.key_file)
        from groundup.agent.reason.server import ServerReasoner
        from groundup.agent.reason.servers import Servers
    except ModuleNotFoundError as error:
        raise MissingPart(
            f"The package {error.name} is missing: install it by pip install 'groundup[openai]'."
        ) from error
    reasoner = ServerReasoner(
        options.model,
        url,
        key,
        responses=is_openai(url),
        profile=profile,
        servers=Servers(home / "servers.json"),
        stop=stop,
    )
    return Opened(reasoner, prices)


def _local(options: ModelOptions, profile: Profile | None, budget: Budget) -> Opened:
    if options.base_url is not None or options.key_file is not None:
        raise UsageError(
            "--base-url and --key-file are for servers: leave them out with --policy transformers."
        )
    if not options.model:
        raise UsageError("Name the folder of a checkpoint by --model.")
    try:
        from groundup.agent.reason.local import LocalReasoner
    except ModuleNotFoundError as error:
        raise MissingPart(
            f"The package {error.name} is missing: install it by pip install 'groundup[vlm]'."
        ) from error
    reasoner = LocalReasoner(
        Path(options.model), device=options.device or "auto", dtype=options.dtype or "auto", profile=profile
    )
    prices = Prices(options.model, free=True)
    budget.check(prices)
    return Opened(reasoner, prices)


def prove(reasoner: Reasoner, prices: Prices, budget: Budget) -> Opened:
    """Show the model a picture of one colour; raises `UsageError` when it cannot be asked at all.

    A server's rung on the ladder is found on the way. A wrong colour is said and no more: a small model
    may see and be wrong.
    """
    chance = random.Random()
    color, number = chance.choice(sorted(COLORS)), chance.randrange(100, 1000)
    question = replace(
        prompts.probe(plain(COLORS[color]), number),
        may=lambda usage: budget.spent(usage.requests, prices.of(usage)) is None,
        seconds=PATIENCE,
    )
    begin = perf_counter()
    try:
        answer = reasoner.ask(question)
    except (Invalid, Spent) as error:
        said = f"{error} The run begins all the same."
        return Opened(reasoner, prices, error.usage, outcome(error), perf_counter() - begin, said)
    except NoAnswer as error:
        raise UsageError(str(error)) from error
    said = ""
    if answer.reply.color != color:
        said = (
            f"{reasoner.model} took a {color} picture for {answer.reply.color}: "
            "it may not see, and advice from it may be worth nothing."
        )
    return Opened(reasoner, prices, answer.usage, "ok", perf_counter() - begin, said)
