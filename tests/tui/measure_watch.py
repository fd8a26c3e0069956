"""Measures the dashboard in a terminal of its own: first paint, memory, CPU and lag while it follows a run.

Run as: python tests/tui/measure_watch.py [--events 1000000] [--rate 200] [--seconds 20]; prints JSON.
Times are of the machine at that moment; `startup` is a bare interpreter with the same imports, beside it.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import re
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from groundup.memory import schema
from groundup.memory.store import Store
from tests.tui.libraries import step_event

SIZE = (120, 40)


def fill(path: Path, events: int) -> str:
    """A library whose one run has that many events."""
    with Store.open(path) as store:
        run = store.start_run("made", "local", seed=0, run_id="20260101-000000-million")
        connection = store._db.connection
        for first in range(0, events, 20_000):
            rows = [
                {
                    "run": run.id,
                    "seq": seq,
                    "t": 1.7e9 + seq * 0.2,
                    "kind": "step",
                    "data": json.dumps(step_event(seq + 1)),
                }
                for seq in range(first, min(events, first + 20_000))
            ]
            with store.step():
                store._transaction.write(insert(schema.event), rows)
        store.save_run_state(run.id, {}, steps=events, status="done")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return run.id


class Terminal:
    """A dashboard in a pseudo-terminal."""

    def __init__(self, library: Path) -> None:
        self.began = time.monotonic()
        command = [sys.executable, "-m", "groundup.agent.cli", "watch", "--library", str(library)]
        self.pid, self.file = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(sys.executable, command)
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self.text = ""

    def until(self, words: str, seconds: float) -> float | None:
        """Read until `words` are written; the time then, None when they are not in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.file], [], [], 0.02)[0]:
                try:
                    read = os.read(self.file, 1 << 16).decode("utf-8", "replace")
                except OSError:  # it has ended
                    return None
                self.text = self.text[-20_000:] + re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", read)
                if words in self.text:
                    return time.monotonic()
        return None

    def memory(self) -> float:
        """The most memory it has had, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1000  # type: ignore[index]

    def cpu(self) -> float:
        """Seconds of CPU it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        os.kill(self.pid, signal.SIGTERM)
        self.until("\0", 0.5)
        os.close(self.file)
        os.waitpid(self.pid, 0)


def startup() -> float:
    """Seconds that importing the dashboard takes."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import groundup.tui.app"], check=True)
    return time.monotonic() - began


def opening(path: Path, run: str) -> dict[str, Any]:
    paints, memory = [], []
    for _ in range(5):
        terminal = Terminal(path)
        painted = terminal.until(run[:15], 20)
        assert painted is not None
        paints.append(painted - terminal.began)
        if not memory:
            terminal.until("\0", 30)  # the whole log is counted meanwhile
        memory.append(terminal.memory())
        terminal.close()
    return {
        "first_paint_s": round(statistics.median(paints), 2),
        "first_paint_all_s": [round(one, 2) for one in paints],
        "startup_s": round(statistics.median(startup() for _ in range(3)), 2),
        "memory_mb": round(max(memory)),
    }


def following(folder: Path, rate: float, seconds: float) -> dict[str, Any]:
    """CPU and lag while a run is written at `rate` events a second: each event has a number of its own."""
    lags = []
    with Store.open(folder / "live.db") as store:
        run = store.start_run("made", "local", seed=0)
        store.append_event(run.id, "start", {"steps": 100_000})
        terminal = Terminal(folder / "live.db")
        terminal.until(run.id[:15], 20)
        terminal.until("\0", 2)
        cpu, began, step, marked = terminal.cpu(), time.monotonic(), 0, time.monotonic()
        wanted, asked = "", 0.0
        while time.monotonic() - began < seconds:
            due = int((time.monotonic() - began) * rate)
            while step < due:
                step += 1
                event = step_event(step)
                if not wanted and time.monotonic() - marked > 1.0:
                    wanted, asked = f"mark-{step}", time.monotonic()
                    event["on"] = wanted
                    marked = asked
                    held = step
                elif wanted and step - held < rate * 0.45:
                    event["on"] = wanted  # it must stand long enough to be painted at all
                store.append_event(run.id, "step", event)
                store.save_run_state(run.id, {}, steps=step)
            if wanted:
                seen = terminal.until(wanted, 0.02)
                if seen is not None:
                    lags.append(seen - asked)
                    wanted = ""
                elif time.monotonic() - asked > 3:
                    lags.append(3.0)
                    wanted = ""
            else:
                terminal.until("\0", 0.01)
        used, took = terminal.cpu() - cpu, time.monotonic() - began
        terminal.close()
    return {
        "rate": round(step / took),
        "cpu_share": round(used / took, 3),
        "lag_median_s": round(statistics.median(lags), 2),
        "lag_max_s": round(max(lags), 2),
        "marks": len(lags),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        report: dict[str, Any] = {"events": options.events}
        run = fill(folder / "large.db", options.events)
        report["file_mb"] = round((folder / "large.db").stat().st_size / 1e6)
        report |= opening(folder / "large.db", run)
        report["following"] = following(folder, options.rate, options.seconds)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
