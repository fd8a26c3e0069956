"""Records somebody playing in a window: its picture by ffmpeg, mouse and keyboard by the X server's RECORD.

Both are told on one clock, the monotonic one: ffmpeg says at which time of day each picture was taken. A
recording is written as it comes, so that what a killed recorder leaves can be read.
"""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from groundup.envs.errors import GroundupError
from groundup.envs.launch import require
from groundup.envs.recordings import MASKED, VIDEO, ActionsWriter, Card, Input, mend_actions, read_ticks
from groundup.envs.types import Button
from groundup.envs.window import Query, Window, Windows, find
from groundup.envs.window_events import DeviceEvent, DeviceEvents
from groundup.envs.window_geometry import Rect, Viewport, shown
from groundup.envs.window_keys import chord, plain
from groundup.envs.window_open import desktop
from groundup.envs.window_profile import Profile, chosen_profile

FPS = 20.0
"""Pictures a second, as VPT's contractors were recorded."""

NOTCH = 100.0
"""Pixels that a notch of the wheel counts for, as in the guard."""

LOOK_SECONDS = 0.5
"""Time between two looks at whether the window is still where it was."""

END_SECONDS = 10.0
"""ffmpeg finishes its file within this time."""

_SHOWN = re.compile(rb"\] n:\s*\d+ pts:\s*(\d+)")
"""A picture's number in the time of day, counted in pictures: `pts_time` is cut to six digits."""

_WRITTEN = re.compile(rb"frame=\s*(\d+)")
"""How many pictures ffmpeg says that it has written; its last word of it is exact."""

_TEXT = re.compile(r"^\S$")
"""Keys with which text is typed: a single character."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded: where, how many pictures and inputs, how many keys were masked, and why it ended."""

    folder: str
    frames: int
    inputs: int
    masked: int
    ended: str


def record(
    query: Query,
    folder: Path,
    *,
    profile: Profile | str | None = None,
    until: Callable[[], bool],
    show_keys: bool = False,
    fps: float = FPS,
    player: str = "",
) -> Recorded:
    """Record the window that `query` means into `folder` until `until`, or until it moves or closes.

    What is typed and clicked while another program's window is in front is left out.
    Keys with which text is typed are masked, but for those that the profile names as the game's; `show_keys`
    keeps all. Raises `NoSuchWindow`, `MissingPart` without ffmpeg, `UsageError` where a recording is already.
    """
    require({"ffmpeg": "ffmpeg", "setpriv": "util-linux"})
    windows = desktop()
    try:
        window = find(windows, query)
        chosen = chosen_profile(profile, window.title)
        area = window.area
        if not shown(area, windows.monitors()):
            raise RecordingFailed(
                f"Part of the window {window.title!r} is off the screen: move it, then record."
            )
        card = Card(chosen.name, (area.w, area.h), fps, clock="monotonic", player=player)
        with ActionsWriter(folder, card) as writer:
            taker = _Taker(writer, area, _played(chosen), mask=not show_keys)
            camera = _Camera(folder / VIDEO, area, fps)
            devices = DeviceEvents(taker.event)
            try:
                ended = _watch(windows, window, camera, taker, until)
            finally:
                devices.close()
                camera.close()
                taker.finish(camera.times())
        frames, inputs = min(writer.frames, camera.written), taker.inputs
        if not frames:
            raise RecordingFailed(f"Nothing was recorded in {folder}: {ended}.")
        if frames < writer.frames:  # told of, but dropped when ffmpeg was asked to end
            mend_actions(folder, frames)
            inputs = sum(len(tick.inputs) for tick in read_ticks(folder))
        return Recorded(str(folder), frames, inputs, taker.masked, ended)
    finally:
        windows.close()


def _watch(
    windows: Windows, window: Window, camera: _Camera, taker: _Taker, until: Callable[[], bool]
) -> str:
    looked = 0.0
    pause = threading.Event()
    while not until():
        if not camera.running:
            return f"ffmpeg has ended: {camera.said()}"
        times = list(camera.times())
        taker.look(lambda: windows.trouble(window.handle) is None)
        taker.take(times)
        if time.monotonic() - looked >= LOOK_SECONDS:
            looked = time.monotonic()
            if windows.area(window.handle) != window.area:
                return "the window moved, changed its size or closed: record it again"
        pause.wait(1 / FPS)
    return "asked to stop"


def _played(profile: Profile) -> set[str]:
    """The keys of a game, which say nothing that a person typed."""
    return {plain(part) for part in chord(profile.input.keys)}


class _Taker:
    """Puts pictures and inputs in one order and into the recording."""

    def __init__(self, writer: ActionsWriter, area: Rect, kept: set[str], *, mask: bool) -> None:
        self._writer = writer
        self._viewport = Viewport(area)
        self._kept = kept
        self._mask = mask
        self._fresh: deque[DeviceEvent] = deque()
        self._events: deque[DeviceEvent] = deque()
        self._front = True
        self._down: set[tuple[str, str]] = set()
        self._first: float | None = None
        self.inputs = self.masked = 0

    def event(self, event: DeviceEvent) -> None:
        """Take in an event of a device, from its own thread."""
        self._fresh.append(event)

    def look(self, in_front: Callable[[], bool]) -> None:
        """Let in what has come since the last look, if the window was in front then and is so now: what a
        person does in other windows is not play, and no business of a recording.

        Asked only when something was pressed or turned: the answer costs 2 ms, and a mouse that moves over
        the game says nothing of other windows.
        """
        events = [self._fresh.popleft() for _ in range(len(self._fresh))]
        both = self._front
        if any(event.kind != "move" for event in events):
            self._front = in_front()
            both = both and self._front
        self._events.extend(event for event in events if self._meant(event, both))

    def _meant(self, event: DeviceEvent, front: bool) -> bool:
        """Whether an event is the game's; what was pressed in it is released in it, wherever it is."""
        name = (event.kind, event.name)
        if event.kind in ("key", "button") and not event.down:
            known = name in self._down
            self._down.discard(name)
            return known
        inside = event.kind in ("key", "move") or self._viewport.area.contains(event.x, event.y)
        if front and inside and event.down:
            self._down.add(name)
        return front and inside

    def take(self, times: Iterable[float]) -> None:
        """Write the pictures taken at `times`, each with the inputs before it."""
        for t in times:
            self._inputs(t)
            if self._first is None:
                self._first = t
            self._writer.tick(t - self._first)

    def finish(self, times: Iterable[float]) -> None:
        """Write what is left."""
        self.take(times)
        self._inputs(float("inf"))

    def _inputs(self, before: float) -> None:
        while self._events and self._events[0].t < before:
            event = self._events.popleft()
            made = self._input(event)
            if made is not None:
                self.inputs += self._first is not None
                self._writer.add(made)

    def _input(self, event: DeviceEvent) -> Input | None:
        t = max(0.0, event.t - self._first) if self._first is not None else 0.0
        x, y = event.x - self._viewport.area.x, event.y - self._viewport.area.y
        match event.kind:
            case "move":
                return Input(t, "move", x, y)
            case "button":
                button: Button = event.name  # type: ignore[assignment]
                return Input(t, "press" if event.down else "release", x, y, button)
            case "scroll":
                return Input(t, "scroll", x, y, dx=NOTCH * event.wheel[0], dy=NOTCH * event.wheel[1])
            case "key":
                return Input(t, "key_down" if event.down else "key_up", key=self._key(event))
        return None

    def _key(self, event: DeviceEvent) -> str:
        name = plain(event.name)
        if self._mask and _TEXT.match(name) and name not in self._kept:
            self.masked += event.down
            return MASKED
        return name


class _Camera:
    """ffmpeg, which takes a picture of part of the screen at an even pace."""

    def __init__(self, path: Path, area: Rect, fps: float) -> None:
        display = os.environ["DISPLAY"]
        # Lossless in RGB: things are named by their look. In fragments: what is killed can be read.
        command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "info", "-y", "-copyts"]
        command += ["-f", "x11grab", "-draw_mouse", "0", "-framerate", f"{fps:g}"]
        command += ["-video_size", f"{area.w}x{area.h}", "-i", f"{display}+{area.x},{area.y}"]
        command += [
            "-vf",
            f"fps={fps:g},showinfo=checksum=0,setpts=N/({fps:g}*TB)",
            "-fps_mode",
            "passthrough",
        ]
        command += ["-c:v", "libx264rgb", "-crf", "0", "-preset", "ultrafast", "-threads", "1", "-g", "250"]
        # Each fragment is on disk at once: pictures that hardly change take a minute to fill ffmpeg's buffer.
        command += ["-movflags", "+empty_moov+default_base_moof", "-frag_duration", "1000000"]
        command += ["-flush_packets", "1", str(path)]
        # The clock of the pictures is the time of day, that of the inputs the monotonic one.
        self._offset = time.time() - time.monotonic()
        self._fps = fps
        # It ends its file with us, however we end.
        tied = ["setpriv", "--pdeathsig", "TERM", "--", *command]
        self._process = subprocess.Popen(tied, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self._told: deque[float] = deque()
        self.written = 0
        self._lines: deque[bytes] = deque(maxlen=5)
        self._reader = threading.Thread(target=self._read, name="groundup-camera", daemon=True)
        self._reader.start()

    @property
    def running(self) -> bool:
        """Whether pictures are still taken."""
        return self._process.poll() is None

    def times(self) -> Iterator[float]:
        """When the pictures that were told of since were taken, in monotonic seconds."""
        while self._told:
            yield self._told.popleft()

    def said(self) -> str:
        """ffmpeg's last words."""
        return b" ".join(self._lines).decode("utf-8", "replace").strip() or "it said nothing"

    def close(self) -> None:
        """Finish the file."""
        if self.running:
            self._process.terminate()  # it ends the file as it does for Ctrl-C
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        if self._process.stderr is not None:
            self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            for written in _WRITTEN.findall(line):
                self.written = int(written)
            shown = _SHOWN.search(line)
            if shown is not None:
                self._told.append(int(shown[1]) / self._fps - self._offset)
            elif line.strip():
                self._lines.append(line.strip())


class RecordingFailed(GroundupError):
    """Nothing could be recorded."""
