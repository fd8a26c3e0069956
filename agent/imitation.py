"""Learning from a recording of somebody playing: what they did becomes lessons, as in play.

The recording is played again as a game that waits for what was done then. So the same parts look, settle,
tell responses and learn as in play; only what to do next is not decided but read, and the thing that was
meant is the one under the pointer. The agent sees frames and mouse, nothing else of the game or the player.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from groundup.agent.journal import Journal
from groundup.agent.knowledge import Knowledge, load
from groundup.envs.errors import UsageError
from groundup.envs.recordings import ACTIONS, Card, read_card
from groundup.envs.replay import ReplayEnv
from groundup.envs.types import Action, Click, Drag, KeyPress, Point
from groundup.memory.store import Store
from groundup.perception.embedding import TextEmbedder
from groundup.perception.observation import Observation, Thing
from groundup.perception.perceiver import Perceiver
from groundup.skills.executor import Executor
from groundup.skills.keeper import Keeper
from groundup.skills.learner import Decision, Learner
from groundup.skills.library import Library

POLICY = "demonstration"
"""What the library calls the policy of a run that was demonstrated, and the provenance of its skills."""

SECTION = "demonstrations"
"""Section of the library's knowledge that says which recordings were learnt from, by their hash."""

BESIDE = 24
"""Pixels from a press within which the nearest thing was meant: people aim at the middle of what they see."""

Tell = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Imitated:
    """What a recording taught: `actions` in it, of those `learnt` from, and `skills` new to the library.

    `missed` began or ended where nothing was seen; `uses` did something; `run` is the library's record.
    """

    recording: str
    run: str
    frames: int
    actions: int
    learnt: int
    missed: int
    uses: int
    skills: int


def learn_from(recordings: Sequence[Path], location: str, tell: Tell) -> dict[str, Any]:
    """Learn from each recording that the library does not know yet; the report of it.

    A recording is learnt from whole or not at all. Raises `RecordingUnusable`, `MissingPart`, and
    `UsageError` for recordings of another game or size than the library's.
    """
    cards = [read_card(folder) for folder in recordings]
    if len({(card.game, card.size) for card in cards}) != 1:
        raise UsageError("The recordings are of several games or sizes: give those of one at a time.")
    embedder = TextEmbedder()
    with Library.open(
        location, frame_size=cards[0].size, game=cards[0].game, embed=lambda text: embedder([text])[0]
    ) as library:
        if library.game != cards[0].game:
            raise UsageError(
                f"The library {library.store.name} is of {library.game}, the recordings of {cards[0].game}: "
                "give another --seed-library."
            )
        done, skipped = [], []
        # One learner for all: once it finds out which numbers count, it looks back on what it saw before.
        keys = keys_of(recordings)
        learner, perceiver = Learner(endless=bool(keys)), Perceiver(keys=keys)
        load(library.store, learner, perceiver)
        for folder, card in zip(recordings, cards, strict=True):
            if _hash(folder) in library.store.get_knowledge(SECTION):
                skipped.append(str(folder))
            else:
                done.append(asdict(imitate(folder, card, library, learner, perceiver, tell)))
        return {
            "library": library.store.name,
            "game": cards[0].game,
            "recordings": done,
            "known": skipped,
            "skills": len(library),
        }


def imitate(
    folder: Path,
    card: Card,
    library: Library,
    learner: Learner,
    perceiver: Perceiver,
    tell: Tell = lambda *_: None,
) -> Imitated:
    """Learn from one recording, in one transaction: a kill leaves the library as it was.

    `learner` and `perceiver` are where the library stands.
    """
    store = library.store
    env = ReplayEnv(folder)
    # What else was done happens as time passes: nothing can be learnt from it so far.
    env = ReplayEnv(folder, takes=replace(env.accepts, right_click=False, scroll=False))
    try:
        with store.step():
            run = store.start_run(card.game, POLICY, seed=card.seed)
            store.append_event(
                run.id,
                "start",
                {"steps": env.actions, "frozen": False, "recording": folder.name, "player": card.player},
            )
            if learner.holding:  # a recording that broke off
                learner.forget()
            if store.get_knowledge("lessons"):
                Knowledge(store, run.id, learner, perceiver).snapshot()
            before = len(library)
            pupil = _Pupil(env, learner, perceiver, library, run.id, folder.name)
            pupil.watch(lambda done, words: tell(done, env.actions, f"{folder.name}: {words}"))
            store.save_run_state(run.id, {}, steps=pupil.done, status="done")
            imitated = Imitated(
                folder.name,
                run.id,
                card.frames or 0,
                env.actions,
                pupil.learnt,
                pupil.missed,
                pupil.uses,
                len(library) - before,
            )
            store.put_knowledge(SECTION, _hash(folder), asdict(imitated))
    finally:
        env.close()
    return imitated


def keys_of(recordings: Sequence[Path]) -> tuple[str, ...]:
    """The keys and chords ("shift+enter") that were pressed in any of the recordings."""
    return tuple(sorted({chord for folder in recordings for chord in ReplayEnv(folder).accepts.keys}))


def _hash(folder: Path) -> str:
    with (folder / ACTIONS).open("rb") as lines:
        return hashlib.file_digest(lines, "sha256").hexdigest()[:16]


class _Pupil:
    """Follows one recording and learns from each action."""

    def __init__(
        self, env: ReplayEnv, learner: Learner, perceiver: Perceiver, library: Library, run: str, shown: str
    ) -> None:
        self._env = env
        self._learner = learner
        self._perceiver = perceiver
        self._executor = Executor(env, slow=bool(env.accepts.keys))
        self._keeper = Keeper(library, run, value=learner.choices.value, provenance=POLICY, shown=shown)
        self._knowledge = Knowledge(library.store, run, learner, perceiver)
        self._journal = Journal(library.store, run, learner)
        self.done = self.learnt = self.missed = self.uses = 0

    def watch(self, tell: Callable[[int, str], None]) -> None:
        """Go through the recording; at the end everything is kept."""
        obs = self._perceiver.perceive(self._executor.look())
        while (coming := self._env.coming) is not None:
            move = meant(obs, coming.action, self._learner.held)
            obs = self._pass_by(coming.action) if move is None else self._learn(obs, move)
            tell(self.done, f"{self.uses} uses of skills")
        self._knowledge.snapshot()
        self._keeper.tend()

    def _pass_by(self, action: Action) -> Observation:
        """Let happen what cannot be learnt from."""
        self.done += 1
        self.missed += 1
        self._executor.act(Drag((action.path[0], action.path[-1])) if isinstance(action, Drag) else action)
        return self._perceiver.perceive(self._executor.look())

    def _learn(self, obs: Observation, move: Decision) -> Observation:
        outcome = self._executor.carry_out(move, holding=self._learner.holding)
        after = self._perceiver.perceive(outcome.frame, outcome.lasting)
        first = not self._learner.holding
        lesson = self._learner.learn(obs, move, outcome.responses, after)
        if first:
            present = [thing.kind for thing in obs.things]
            self._learner.shown.note(obs.scene, move.first.kind, present, obs.words)
        self.done += len(outcome.actions)
        self.learnt += 1
        self.uses += lesson.skill is not None
        more = self._journal.facts(obs, move, lesson, after, {})
        with self._knowledge.step(obs, move, outcome.responses, after, lesson, self.done, more):
            self._journal.note(obs, move, lesson, after, self.done)
            self._keeper.keep(obs, move, lesson, self.done)
        return after


def meant(obs: Observation, action: Action, held: Thing | None) -> Decision | None:
    """The move that an action was, on what stands there; None where nothing does.

    `held` is the first step that was taken before: what is clicked on then is the second.
    """
    match action:
        case Click(x, y):
            thing = thing_at(obs, (x, y))
            if thing is None:
                return None
            if held is not None:
                return Decision("use", held, thing, why="shown")
            return Decision("use", thing, why="shown")
        case Drag(path):
            first, second = thing_at(obs, path[0]), thing_at(obs, path[-1])
            if first is None or second is None or first is second:
                return None
            return Decision("use", first, second, drag=True, why="shown")
        case KeyPress(keys):
            key = next((thing for thing in obs.things if thing.keys == keys), None)
            return None if key is None else Decision("use", key, why="shown")
    return None


def thing_at(obs: Observation, point: Point) -> Thing | None:
    """The smallest thing at a point, else the nearest one beside it; None where there is none."""
    seen = [thing for thing in obs.things if not thing.keys]
    holding = [thing for thing in seen if thing.box.contains(*point)]
    if holding:
        return min(holding, key=lambda thing: thing.box.area)
    near = min(seen, key=lambda thing: _distance(thing, point), default=None)
    return near if near is not None and _distance(near, point) <= BESIDE else None


def _distance(thing: Thing, point: Point) -> float:
    """Pixels from a point to the edge of a thing."""
    x, y, w, h = thing.box
    return math.hypot(max(x - point[0], 0, point[0] - x - w), max(y - point[1], 0, point[1] - y - h))


def learnt_from(store: Store) -> list[dict[str, Any]]:
    """What was learnt from each recording that a library knows."""
    return list(store.get_knowledge(SECTION).values())
