"""A scripted person plays Freeciv from outside and is recorded; a new agent learns from that.

`python examples/freeciv_person.py OUT` after `make setup-live`. What the person knows of the game stands in
`play` alone. The agent gets the recording and nothing else, and plays another map. The report says what it
and an untaught agent did there, by the game's own record.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from groundup.envs.types import Frame
from groundup.envs.window import Query, find
from groundup.envs.window_capture import MssCapture
from groundup.envs.window_open import desktop
from groundup.perception.text import TextReader

GROUNDUP = str(Path(sys.executable).with_name("groundup"))


def main() -> None:
    """Record, learn, play, and print one JSON document."""
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument(
        "out", type=Path, help="folder for the recording and the libraries; made if it is not there"
    )
    told.add_argument("--turns", type=int, default=10, help="turns that the person plays")
    told.add_argument("--steps", type=int, default=60, help="moves of each agent")
    told.add_argument("--seed", type=int, default=61, help="the person's map; the agents get the next one")
    told.add_argument(
        "--no-untaught", action="store_true", help="leave out the agent that learnt from nothing"
    )
    asked = told.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked.out.mkdir(parents=True, exist_ok=True)
    recording, taught = asked.out / "recording", asked.out / "taught.db"
    report: dict[str, Any] = {"recording": record(recording, asked.seed, asked.turns)}
    learnt = groundup("segment", str(recording), "--seed-library", str(taught))
    report["learnt"] = learnt["recordings"][0]
    played = ["taught"] + ([] if asked.no_untaught else ["untaught"])
    for name in played:
        which = ("--seed", str(asked.seed + 1), "--steps", str(asked.steps))
        run = groundup("play", "freeciv", *which, "--library", str(asked.out / f"{name}.db"))
        report[name] = {key: run[key] for key in ("steps", "responsive_rate", "truth")}
    print(json.dumps(report, indent=1))


def record(folder: Path, seed: int, turns: int) -> dict[str, Any]:
    """Play `turns` turns on the map of `seed` while groundup records; gives what the recorder says."""
    launched = subprocess.Popen(
        [GROUNDUP, "launch", "freeciv", "--seed", str(seed), "--json"], stdout=subprocess.PIPE, text=True
    )
    assert launched.stdout is not None
    try:
        said = launched.stdout.readline()
        if not said:
            raise SystemExit(launched.wait())
        os.environ["DISPLAY"] = json.loads(said)["display"]
        recorder = subprocess.Popen(
            [GROUNDUP, "record", str(folder), "--window", "Freeciv", "--player", "script", "--json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        while not (folder / "actions.jsonl").exists() and recorder.poll() is None:
            time.sleep(0.1)
        if recorder.poll() is not None:
            raise SystemExit(recorder.returncode)
        time.sleep(2)
        play(turns)
        recorder.send_signal(signal.SIGINT)
        return dict(json.loads(recorder.communicate()[0]))
    finally:
        launched.send_signal(signal.SIGINT)
        launched.wait()
        # Its screen is gone with it.
        os.environ.pop("DISPLAY", None)


def play(turns: int) -> None:
    """Found a city at once and one two fields on, let the others stand; end `turns` turns with the mouse."""
    screen, cities = Screen(), 0
    for turn in range(turns):
        ways = iter(("Left", "Up", "Right", "Down") * 2)
        for _ in range(5 - cities):
            if not screen.where("Settlers"):
                xdotool("key", "space")
            elif (cities, turn) == (0, 0) or (cities, turn) == (1, 3):
                xdotool("key", "b")
                cities += 1
            else:
                xdotool("key", next(ways) if turn else "space")
        button = screen.where("Turn Done")
        if button is None:
            raise SystemExit("'Turn Done' does not stand on the screen.")
        xdotool("mousemove", "--sync", *map(str, button))
        xdotool("mousedown", "1", "sleep", "0.08", "mouseup", "1")
        time.sleep(1)


class Screen:
    """What a person reads in the game's window."""

    def __init__(self) -> None:
        windows = desktop()
        self._area = find(windows, Query("Freeciv")).area
        windows.close()
        self._camera = MssCapture()
        self._read = TextReader()

    def where(self, words: str) -> tuple[int, int] | None:
        """The middle of a line that reads `words`, in pixels of the desktop; None where there is none."""
        for line in self._read(Frame(self._camera.grab(self._area), 0.0, 0)):
            if words.lower() in line.text.lower():
                x, y = line.box.center
                return self._area.x + x, self._area.y + y
        return None


def xdotool(*what: str) -> None:
    """Move, click or press as a person would, and take a breath."""
    subprocess.run(["xdotool", *what], check=True)
    time.sleep(0.5)


def groundup(*arguments: str) -> dict[str, Any]:
    """Run a command of groundup, which prints one JSON document; ends this program when it fails."""
    ran = subprocess.run([GROUNDUP, *arguments, "--json"], stdout=subprocess.PIPE, text=True, check=False)
    if ran.returncode:
        raise SystemExit(ran.returncode)
    return dict(json.loads(ran.stdout))


if __name__ == "__main__":
    main()
