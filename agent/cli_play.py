"""What `groundup play` does: open game and library, play, keep, report. Knows no game by name."""

from __future__ import annotations

import math
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from groundup.agent.curve import draw_at_work, draw_curve, draw_skills
from groundup.agent.journal import Journal, points
from groundup.agent.knowledge import Knowledge, load
from groundup.agent.model_options import ModelOptions
from groundup.agent.policies import MODELS, POLICIES, make_policy
from groundup.agent.policy import Policy, learner_of
from groundup.agent.report import CounterWatch, progress, read_log, responsiveness, skill_counts, step_times
from groundup.agent.session import Session, Step
from groundup.agent.settings import Settings, library_of
from groundup.agent.steering import Steering
from groundup.envs.errors import Stopped, UsageError
from groundup.envs.games import Game, open_game
from groundup.envs.types import Action
from groundup.envs.window import Query
from groundup.envs.window_open import open_window
from groundup.memory.records import RunRecord
from groundup.memory.store import Store
from groundup.memory.whole import can_hold
from groundup.perception.embedding import TextEmbedder
from groundup.perception.observation import Observation
from groundup.perception.perceiver import Perceiver
from groundup.skills.executor import Executor
from groundup.skills.keeper import Keeper
from groundup.skills.learner import Decision
from groundup.skills.library import Library

if TYPE_CHECKING:
    from groundup.agent.reason.playing import Thinking

STEPS = 300
"""Steps of a run when none are asked for: some 40 seconds."""

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals that end a run: Ctrl-C, `kill`, a terminal that is closed."""

LARGEST_SEED = (1 << 62) - 1
"""What a library holds is below 2^63; the seed of a resumed run's next games is greater by its steps."""

FINISHED = "done"
"""Status of a run that has done all of its steps; any other can be resumed."""

Tell = Callable[[int, int, str], None]
"""Told of progress: steps done, steps wanted, a few words."""


@dataclass(frozen=True, slots=True)
class PlayOptions:
    """What was asked for; None where the run that is resumed, or a default, decides.

    `window`: a window on the desktop is played in instead of `game`, with `profile`; `confirm`: ask before
    each action on a real window.
    """

    game: str
    steps: int | None = None
    seed: int | None = None
    library: str | None = None
    policy: str | None = None
    size: tuple[int, int] | None = None
    visible: bool = False
    resume: bool = False
    frozen: bool = False
    out: Path | None = None
    minutes: float | None = None
    model: ModelOptions = field(default_factory=ModelOptions)
    window: Query | None = None
    window_profile: str | None = None
    confirm: bool = False


@dataclass(frozen=True, slots=True)
class Played:
    """The report of a run (design, section 6), and whether Ctrl-C stopped it before its end."""

    report: dict[str, Any]
    interrupted: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """A run as it is to be played: its record, all its steps, whether it learns nothing."""

    run: RunRecord
    steps: int
    frozen: bool
    resumed: bool


def parse_size(text: str) -> tuple[int, int]:
    """Width and height of "1280x720"; raises `UsageError`."""
    match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text.strip().lower())
    if match is None or not (64 <= int(match[1]) <= 8192 and 64 <= int(match[2]) <= 8192):
        raise UsageError(f"{text!r} is no size: give width and height in pixels, such as 1280x720.")
    return int(match[1]), int(match[2])


def check(options: PlayOptions) -> None:
    """Raise `UsageError` for what can be seen to be wrong before anything is opened."""
    if options.steps is not None and options.steps <= 0:
        raise UsageError(f"--steps {options.steps} is not a number of steps: give 1 or more.")
    if options.minutes is not None and not options.minutes > 0:
        raise UsageError(f"--minutes {options.minutes:g} is no time to play: give more than 0.")
    if options.seed is not None and not 0 <= options.seed <= LARGEST_SEED:
        raise UsageError(f"--seed {options.seed} is no seed: give a whole number from 0 to {LARGEST_SEED}.")
    names = (*POLICIES, *MODELS)
    if options.policy is not None and options.policy not in names:
        raise UsageError(f"No policy is called {options.policy!r}: choose one of {', '.join(names)}.")
    if options.model.given and not options.resume and options.policy not in MODELS:
        raise UsageError(
            "--model and what goes with it are for policies that ask one: "
            f"give --policy {', '.join(MODELS[:-1])} or {MODELS[-1]}."
        )
    if options.window_profile is not None and options.window is None:
        raise UsageError("--window-profile belongs to a window on the desktop: name one with --window.")
    if options.resume and options.seed is not None:
        raise UsageError("--resume goes on with the seed of the run it resumes: leave --seed out.")
    if options.out is not None and not can_hold(options.out):
        raise UsageError(f"--out {options.out} is no folder to write in: name another.")


def play(options: PlayOptions, tell: Tell) -> Played:
    """Play, keep what is learnt, draw the pictures; raises `UsageError` before anything is written."""
    check(options)
    with ExitStack() as stack:
        thinking = _think(options, options.policy, stack)
        game = _open(options)
        stack.callback(game.env.close)
        # What may be missing is missed before the library is opened, so that none is left behind empty.
        perceiver, embed = Perceiver(keys=game.env.accepts.keys), _embed_one(TextEmbedder())
        with Library.open(
            options.library or library_of(game.env.name),
            frame_size=game.env.size,
            game=game.env.name,
            create=not options.resume,
            embed=embed,
        ) as library:
            plan = _begin(options, game, library.store)
            if thinking is None:
                thinking = _think(options, plan.run.policy, stack)  # of the run that is resumed
            return _play(options, plan, thinking, game, library, perceiver, tell)


def _think(options: PlayOptions, policy: str | None, stack: ExitStack) -> Thinking | None:
    """Open the model that `policy` asks; None for one that asks none. Nothing of it is imported then."""
    if policy not in MODELS:
        return None
    from groundup.agent.reason.playing import Thinking

    thinking = Thinking(policy, options.model, Settings().home, say)
    stack.callback(thinking.close)
    return thinking


def _open(options: PlayOptions) -> Game:
    ask = _ask if options.confirm else None
    if options.window is not None:
        return open_window(options.window, profile=options.window_profile, tell=say, confirm=ask)
    return open_game(options.game, size=options.size, visible=options.visible, tell=say, confirm=ask)


def _ask(action: Action) -> bool:
    """Whether a person at the terminal wants `action` to be done; raises `Stopped` for "q" and at its end."""
    print(f"groundup: {action}: do it? [y/n/q] ", file=sys.stderr, end="", flush=True)
    answer = _line().strip().lower()
    if answer.startswith("q") or not answer:
        raise Stopped("The run was ended at a question of --confirm; all that was learnt is kept.")
    return answer.startswith("y")


def _line() -> str:
    """A line of standard input.

    Not by Python's own reader: whoever ends the run at a question leaves a thread here, and with that
    reader's lock held the interpreter does not end.
    """
    line = b""
    while not line.endswith(b"\n") and (byte := os.read(sys.stdin.fileno(), 1)):
        line += byte
    return line.decode("utf-8", "replace")


def say(sentence: str) -> None:
    """Tell a person a sentence beside the progress."""
    print(f"groundup: {sentence}", file=sys.stderr, flush=True)


def _play(
    options: PlayOptions,
    plan: _Plan,
    thinking: Thinking | None,
    game: Game,
    library: Library,
    perceiver: Perceiver,
    tell: Tell,
) -> Played:
    run = plan.run
    learning, seed = not plan.frozen, run.seed or 0
    if thinking is None:
        policy = make_policy(run.policy, seed, game.env, learning=learning)
    else:
        log = read_log(library.store, run.id)
        policy = thinking.begin(
            game.env, seed, library.store, run.id, log, learning=learning, goals=game.goals
        )
    learner = learner_of(policy)
    if learner is not None:
        load(library.store, learner, perceiver)
    keeps = learner is not None and learner.learning
    keeper = Keeper(library, run.id, value=learner.choices.value) if learner is not None and keeps else None
    knowledge = Knowledge(library.store, run.id, learner if keeps else None, perceiver)
    if library.store.get_knowledge("lessons"):
        # Left by a kill: they go into a snapshot before new ones take their places.
        knowledge.snapshot()
    journal = Journal(library.store, run.id, policy)
    steering = Steering(library.store, run.id, plan.steps)
    session = Session(
        game.env,
        policy,
        perceiver,
        keeper=keeper,
        knowledge=knowledge,
        journal=journal,
        done=run.steps,
        meanwhile=steering.meanwhile,
    )
    watch = _Watch(policy, plan.steps, tell)
    status = "failed"
    try:
        with _stopping(game.stop) as pressed:
            try:
                # A resumed run meets new games, not those again that it has played.
                game.env.reset(seed=(run.seed or 0) + run.steps)
                over = _time_over(options.minutes)
                if thinking is not None:
                    thinking.stoppable(lambda: pressed() or over() or steering.stop_asked())
                session.play(
                    lambda: steering.steps,
                    until=lambda: steering.halts(lambda: pressed() or over() or watch.stops(game.stop_text)),
                    on_step=watch,
                )
                interrupted = pressed()
            except Stopped as error:
                say(str(error))
                interrupted = True
            if thinking is not None and not interrupted and not steering.stop_asked():
                thinking.stoppable(lambda: pressed() or steering.stop_asked())
                thinking.finish(library)
                interrupted = pressed()
        status = FINISHED if session.tally.steps >= steering.steps else "stopped"
        if keeper is not None:
            keeper.revalue()
        knowledge.snapshot()
    finally:
        library.store.save_run_state(run.id, {}, steps=session.tally.steps, status=status)
    report = _report(plan, game, library, session, watch)
    if thinking is not None:
        report["model"] = (report["model"] or {"by_question": {}}) | thinking.summary()
    seconds = {**session.tally.parts, **perceiver.seconds}
    report["step_ms"] = step_times(session.tally.step_ms, seconds, len(session.tally.step_ms))
    try:
        report["pictures"] = _draw(options, run, library, watch)
    except OSError as error:  # a full disk, a folder of somebody else: what was played is kept and told
        say(f"The pictures could not be kept ({error}): give another --out.")
        report["pictures"] = []
    return Played(report, interrupted)


def _begin(options: PlayOptions, game: Game, store: Store) -> _Plan:
    """The run to play: a new one, or the latest unfinished one of this game."""
    if not options.resume:
        steps = options.steps or STEPS
        with store.step():
            run = store.start_run(game.env.name, options.policy or "local", seed=options.seed or 0)
            store.append_event(run.id, "start", {"steps": steps, "frozen": options.frozen})
        return _Plan(run, steps, options.frozen, resumed=False)
    unfinished = [run for run in store.runs(game=game.env.name) if run.status != FINISHED]
    if not unfinished:
        raise UsageError(
            f"{store.name} holds no unfinished run of {game.env.name}: play without --resume to begin one."
        )
    run = unfinished[-1]
    if options.policy not in (None, run.policy):
        raise UsageError(f"The run to resume was played by {run.policy}: leave --policy out.")
    wanted = options.steps or _steps_of(store, run.id)
    if wanted <= run.steps:
        raise UsageError(
            f"Run {run.id} has done {run.steps} steps already: give a greater --steps to go on with it."
        )
    store.save_run_state(run.id, {}, status="running")
    first = store.events(run.id, limit=1)
    frozen = options.frozen or bool(first and first[0].data.get("frozen"))
    return _Plan(run, wanted, frozen, resumed=True)


def _steps_of(store: Store, run: str) -> int:
    """The steps that a run was to do: what was asked of it last, from outside or at its start."""
    asked = store.lookups.events_before(run, 1 << 62, limit=1000, kinds=("control",))
    budgets = [
        event.data["steps"]
        for event in asked
        if event.data.get("what") == "budget" and "refused" not in event.data
    ]
    first = store.events(run, limit=1)
    return int(budgets[-1] if budgets else first[0].data["steps"] if first else STEPS)


class _Watch:
    """Sees each step: tells progress, remembers where numbers stand and what a move looked like."""

    def __init__(self, policy: Policy, steps: int, tell: Tell) -> None:
        self.policy = policy
        self.counters = CounterWatch()
        self.shown: tuple[Observation, Decision] | None = None
        self._steps = steps
        self._tell = tell
        self._before: Observation | None = None
        self._written: list[str] = []
        self._runs = 0

    def __call__(self, step: Step) -> None:
        """Take in one step."""
        self.counters.see(step.observation)
        before = self._before
        whole = step.move.second is not None or self.shown is None or self.shown[1].second is None
        if before is not None and step.lesson.skill is not None and whole:
            self.shown = (before, step.move)
        self._before = step.observation
        self._runs += step.lesson.ended
        self._written = [thing.text.lower() for thing in step.observation.things if thing.text]
        self._written += step.observation.words
        self._tell(min(step.done, self._steps), self._steps, f"{self._runs} runs ended")

    def stops(self, texts: tuple[str, ...]) -> bool:
        """Whether one of `texts` can be read on screen, at which a person wants the run to end."""
        found = next((text for text in texts if any(text.lower() in w for w in self._written)), None)
        if found is not None:
            say(f"The run was ended: {found!r} can be read on screen.")
        return found is not None


def _time_over(minutes: float | None) -> Callable[[], bool]:
    """Gives a function that says whether that many minutes have passed since."""
    end = math.inf if minutes is None else time.monotonic() + 60 * minutes
    return lambda: time.monotonic() >= end


@contextmanager
def _stopping(stop: Callable[[], None] | None = None) -> Iterator[Callable[[], bool]]:
    """Gives a function that says whether Ctrl-C was pressed, or another signal of `ENDING` came; a second one
    interrupts at once.

    `stop` is called at the first: a game that holds a real mouse lets go of it.
    """
    pressed = False

    def press(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal pressed
        if pressed:
            raise KeyboardInterrupt
        pressed = True
        if stop is not None:
            stop()

    # `nohup` has a terminal's end ignored, which is to stay so.
    heard = [n for n in ENDING if n == signal.SIGINT or signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, press) for number in heard}
    try:
        yield lambda: pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _report(plan: _Plan, game: Game, library: Library, session: Session, watch: _Watch) -> dict[str, Any]:
    run = plan.run
    log = read_log(library.store, run.id)
    counters = watch.policy.counters
    return {
        "run": run.id,
        "game": run.game,
        "policy": run.policy,
        "seed": run.seed,
        "steps": session.tally.steps,
        **progress(log, counters.place("progress")),
        "truth": game.truth() if game.truth is not None else None,
        **responsiveness(log),
        "skills": skill_counts(log, len(library)),
        "counters": watch.counters.report(counters),
        **log.calls.report(),
        "model": {"by_question": log.calls.questions()} if log.calls.total.asked else None,
        "library": library.store.name,
        "resumed": plan.resumed,
    }


def _draw(options: PlayOptions, run: RunRecord, library: Library, watch: _Watch) -> list[str]:
    folder = options.out or Settings().home / "runs" / run.id
    folder.mkdir(parents=True, exist_ok=True)
    log = read_log(library.store, run.id)
    counters = watch.policy.counters
    title = f"{run.game}, policy {run.policy}, seed {run.seed}"
    drawn = [
        draw_curve(folder / "learning-curve.png", log, counters.place("progress"), title),
        draw_skills(folder / "skills.png", library, title),
    ]
    if watch.shown is not None:
        drawn.append(draw_at_work(folder / "at-work.png", *watch.shown, counters.places))
    return [str(path) for path in drawn]


def look(options: PlayOptions) -> dict[str, Any]:
    """What would be done in the first frame, with nothing done and nothing kept (`--dry-run`).

    No model is asked: what would be done without one is said.
    """
    check(options)
    game = _open(options)
    try:
        game.env.reset(seed=options.seed or 0)
        perceiver = Perceiver(keys=game.env.accepts.keys)
        policy = make_policy(_without_model(options.policy), options.seed or 0, game.env, learning=False)
        location = options.library or library_of(game.env.name)
        if options.library is not None or Path(location).exists():
            with Library.open(location, create=False, readonly=True) as library:
                learner = learner_of(policy)
                if learner is not None:
                    load(library.store, learner, perceiver)
        obs = perceiver.perceive(Executor(game.env).look())
        move = policy.decide(obs)
    finally:
        game.env.close()
    picture = None
    if options.out is not None or options.window is not None:
        folder = options.out or Settings().home / "dry-run"
        folder.mkdir(parents=True, exist_ok=True)
        picture = str(draw_at_work(folder / "dry-run.png", obs, move, ()))
    return {
        "game": game.env.name,
        "scene": obs.scene,
        "things": [{"kind": t.kind, "box": list(t.box)} for t in obs.things if not t.keys],
        "numbers": [{"place": q.place, "value": q.value, "box": list(q.box)} for q in obs.quantities],
        "move": {"kind": move.kind, "on": move.first.kind, "points": points(move), "why": move.why},
        "picture": picture,
    }


def _without_model(policy: str | None) -> str:
    """The policy that decides where no model is asked."""
    if policy == "reference-vlm":
        return "reference"
    return "local" if policy is None or policy in MODELS else policy


def _embed_one(embedder: TextEmbedder) -> Callable[[str], Any]:
    return lambda text: embedder([text])[0]
