"""Games by name, the conformance check, and what is kept from those who play."""

from __future__ import annotations

import ast
import inspect
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from groundup.envs.conformance import check_env
from groundup.envs.errors import ActionRefused, UnknownGame
from groundup.envs.games import Game, installed_games, open_game
from groundup.envs.types import Accepts, Action, Click, Env, Frame

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


@pytest.fixture
def _examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)
    monkeypatch.syspath_prepend(str(EXAMPLES))


def test_the_embedded_game_conforms_and_tells_the_truth() -> None:
    assert "spire" in installed_games()
    game = open_game("spire", size=(640, 360))
    assert game.truth is not None
    game.env.reset(seed=1)
    truth = game.truth()
    assert {"floor", "floors", "floors_per_run", "floors_best", "runs", "hp", "score"} <= set(truth)
    assert (truth["floor"], truth["hp"], truth["runs"]) == (0, 80, 0)
    assert check_env(game.env) == []


@pytest.mark.usefixtures("_examples")
def test_the_example_conforms_and_can_be_learnt() -> None:
    game = open_game("shapes:make")
    assert game.truth is not None
    assert game.truth() == {"level": 1, "score": 0, "levels_per_run": (), "scores_per_run": ()}
    assert check_env(game.env) == []
    env = open_game("shapes:make").env
    env.reset(seed=2)
    for _ in range(30):
        _, x, y = next(s for s in env._shapes if s[0] == env.wanted)  # type: ignore[attr-defined]
        env.act(Click(int(x), int(y)))
    assert env.level == 11  # type: ignore[attr-defined]
    for _ in range(3):
        _, x, y = next(s for s in env._shapes if s[0] != env.wanted)  # type: ignore[attr-defined]
        env.act(Click(int(x), int(y)))
    assert env.lives == 0  # type: ignore[attr-defined]
    assert (env.reached, env.scores) == ([11], [300])  # type: ignore[attr-defined]
    env.act(Click(320, 300))
    assert (env.level, env.lives) == (1, 3)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "spec", ["nosuchgame", "nosuchmodule:make", "json:nosuchfactory", "math:pi", "json:", ":", ".json:loads"]
)
def test_unknown_games_are_named_in_one_sentence(spec: str) -> None:
    with pytest.raises(UnknownGame) as caught:
        open_game(spec)
    assert "\n" not in str(caught.value)


def test_a_module_that_fails_is_no_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "failing_game.py").write_text("import math\nmath.sqrt(-1)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UnknownGame, match=r"failing_game.*ValueError"):
        open_game("failing_game:make")


def test_a_factory_that_needs_more_is_no_game(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "needy_game.py").write_text("def make(rom, *, visible): ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(UnknownGame, match="'needy_game:make' needs rom, which nobody gives it"):
        open_game("needy_game:make")


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(UnknownGame, match="spire"):
        open_game("slay")


class Counting:
    """A correct small game; `fault` breaks one rule."""

    name, size, accepts = "counting", (32, 24), Accepts()

    def __init__(self, fault: str = "") -> None:
        self.fault, self.count, self._image = fault, 0, np.zeros((24, 32, 3), np.uint8)
        self.closed = False

    def observe(self) -> Frame:
        self.count += 1
        image = self._image if self.fault == "alias" else np.zeros((24, 32, 3), np.uint8)
        image[0, 0] = self.count % 256 if self.fault == "random" else 9
        if self.fault == "dtype":
            return Frame(image.astype(np.float32), 0.0, self.count)  # type: ignore[arg-type]
        if self.fault == "shape":
            image = image[:, :16]
        return Frame(
            image, -self.count if self.fault == "clock" else 0.0, 1 if self.fault == "index" else self.count
        )

    def act(self, action: Action) -> None:
        if self.fault != "accepting" and not isinstance(action, Click):
            raise ActionRefused("Clicks only.")
        if self.fault != "accepting" and isinstance(action, Click) and action.button != "left":
            raise ActionRefused("Left clicks only.")
        if self.fault == "raising":
            raise ValueError("oops")

    def reset(self, *, seed: int | None = None) -> Frame:
        del seed
        return self.observe()

    def close(self) -> None:
        if self.fault == "closing" and self.closed:
            raise RuntimeError("already closed")
        self.closed = True


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("alias", "share memory"),
        ("random", "same seed"),
        ("dtype", "float32"),
        ("shape", "shape"),
        ("clock", "goes back"),
        ("index", "index"),
        ("accepting", "does not declare"),
        ("raising", "ValueError"),
        ("closing", "Closing it twice"),
    ],
)
def test_the_check_tells_what_is_wrong(fault: str, said: str) -> None:
    assert any(said in sentence for sentence in check_env(Counting(fault)))


def test_the_check_is_content_with_a_correct_game() -> None:
    assert check_env(Counting()) == []
    assert "Env protocol" in check_env(object())[0]  # type: ignore[arg-type]


def test_factories_get_what_they_take(monkeypatch: pytest.MonkeyPatch) -> None:
    module = type(sys)("own_game")
    module.make = lambda size=(32, 24): Game(Counting(), lambda: {"size": float(size[0])})  # type: ignore[attr-defined]
    module.broken = lambda: 3  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_game", module)
    game = open_game("own_game:make", size=(64, 48), visible=True)
    assert game.truth is not None
    assert game.truth() == {"size": 64.0}
    with pytest.raises(UnknownGame, match="not an Env"):
        open_game("own_game:broken")


def test_the_env_offers_the_protocol_and_nothing_else() -> None:
    game = open_game("spire", size=(320, 180))
    try:
        protocol = {name for name in dir(Env) if not name.startswith("_")}
        assert {name for name in dir(game.env) if not name.startswith("_")} == protocol
    finally:
        game.env.close()


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, env=clean | environment, capture_output=True, text=True, check=False)


def test_opening_the_game_prints_nothing() -> None:
    done = _run("from groundup.envs.games import open_game; open_game('spire').env.close()")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_listing_games_loads_nothing_heavy() -> None:
    code = """
        import sys
        from groundup.envs.games import installed_games
        installed_games()
        import groundup.envs.spire
        print([m for m in ("pygame", "cv2", "minispire") if m in sys.modules])
    """
    assert _run(code).stdout.strip() == "[]"


def test_a_window_without_a_display_is_one_sentence() -> None:
    code = """
        from groundup.envs.errors import UsageError
        from groundup.envs.games import open_game
        try:
            open_game('spire', visible=True)
        except UsageError as error:
            print(error)
    """
    for environment in ({}, {"SDL_VIDEODRIVER": "x11"}):
        assert "no display" in _run(code, **environment).stdout


def test_a_window_shows_the_same_frames() -> None:
    code = """
        import zlib
        from groundup.envs.games import open_game
        for visible in (False, True):
            game = open_game('spire', size=(320, 180), visible=visible)
            game.env.reset(seed=1)
            print(zlib.crc32(game.env.observe().pixels))
            game.env.close()
            game.env.close()
    """
    done = _run(code, SDL_VIDEODRIVER="dummy")
    first, second = done.stdout.split()
    assert first == second


@pytest.mark.parametrize("package", ["agent", "skills", "perception"])
def test_nothing_that_plays_knows_the_game(package: str) -> None:
    for file in sorted((ROOT / package).rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            assert not [n for n in names if "envs.spire" in n], f"{file} imports the game"
            private = isinstance(node, ast.Attribute) and node.attr in ("_session", "_engine", "_renderer")
            reaches = private and isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("env")
            assert not reaches, f"{file} reaches into the game"


def test_every_public_thing_says_what_it_is() -> None:
    from groundup.envs import conformance, games
    from groundup.envs.spire import engine, layout, run, session, worldmap

    for module in (conformance, games, engine, layout, run, session, worldmap):
        assert module.__doc__
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", "") == module.__name__
            if own and not name.startswith("_") and (inspect.isfunction(thing) or inspect.isclass(thing)):
                assert thing.__doc__, f"{module.__name__}.{name}"
