"""Libraries that tests look at: made here, the same every time, with every kind of event there is."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from groundup.memory.records import JsonObject, SkillRecord, UseRecord
from groundup.memory.store import Store

RUN = "20260102-030405-fixed"
BEGAN = 1_767_322_000.0
SCENES = ("scene 0", "scene 1", "scene 2", "scene 3")
SKILLS = ("strike, then look 4", "defend", "end turn", "open [map]", "<b>return</b>")


def step_event(step: int) -> JsonObject:
    """A step's event as a run writes it, the same for the same step."""
    skill = SKILLS[step % len(SKILLS)]
    reward = 1.0 if step % 25 == 0 else 0.02 * ((step % 7) - 3)
    return {
        "step": step,
        "move": ("use", "use", "probe", "pass")[step % 4],
        "on": skill.partition(",")[0],
        "then": "look 4" if "," in skill else None,
        "why": "plan",
        "skill": skill,
        "reward": round(reward, 4),
        "responsive": [step % 6 != 0],
        "change": {"own:floor n@639,23": 1.0} if reward == 1.0 else {"at:bar": -6.0},
        "ended": step % 60 == 0,
        "scene": SCENES[(step // 5) % 4],
        "own": {"floor n@639,23": float(step % 60 // 8 + step // 60), "n/m@89,23": 80.0 - step % 60},
        "from": SCENES[((step - 1) // 5) % 4],
        "drag": False,
        "points": [[300 + step % 50, 500], [800, 300]],
        "parts": {"progress": 1.0} if reward == 1.0 else {"survival": round(reward, 4)},
        "ms": {
            "decide": 1.5,
            "act": 40.0 + step % 9,
            "game": 60.0,
            "perceive": 55.0,
            "learn": 1.0,
            "keep": 3.0,
        },
    }


def look_event(step: int, frame: str, after: str | None = None) -> JsonObject:
    """What was seen and weighed before a step."""
    look: JsonObject = {
        "step": step,
        "frame": frame,
        "size": [1280, 720],
        "scene": SCENES[((step - 1) // 5) % 4],
        "chosen": SKILLS[step % len(SKILLS)].partition(",")[0],
        "points": [[300, 500], [800, 300]],
        "things": [[260, 420, 120, 180], [420, 420, 120, 180], [760, 220, 120, 160]],
        "numbers": [[600, 16, 40, 18, 3.0, "floor"]],
        "candidates": [
            {
                "kind": one.partition(",")[0],
                "value": 1.5 - 0.3 * i,
                "visits": 40 - 7 * i,
                "p": 0.99 - 0.2 * i,
                "count": 1 + (i == 0),
            }
            for i, one in enumerate(SKILLS)
        ],
    }
    return look if after is None else look | {"after": after}


def model_event(cost_usd: float | None = 0.002) -> JsonObject:
    """What one question to a model took."""
    return {
        "question": "describe",
        "model": "made",
        "outcome": "ok",
        "calls": 1,
        "tokens": 900,
        "tokens_in": 800,
        "tokens_out": 100,
        "pictures": 1,
        "image_tokens": 400,
        "cost_usd": cost_usd,
        "ms": 850.0,
    }


def frame(number: int, *, size: tuple[int, int] = (640, 360)) -> bytes:
    """A picture with some shapes in it, as PNG so that no decoder differs."""
    image = Image.new("RGB", size, (34, 38, 58))
    pen = ImageDraw.Draw(image)
    w, h = size
    pen.rectangle((0, h * 0.75, w, h), fill=(24, 20, 30))
    for i in range(4):
        left = w * (0.2 + 0.15 * i)
        pen.rectangle((left, h * 0.6, left + w * 0.1, h * 0.9), fill=(70 + 40 * i, 90, 160 - 20 * i))
    pen.ellipse((w * 0.58, h * 0.3, w * 0.72, h * 0.55), fill=(120, 60 + 20 * (number % 6), 60))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def skill(number: int, name: str, crop: str | None, **more: Any) -> SkillRecord:
    """A skill with some evidence."""
    uses = 90 - 15 * number
    target = {"kind": name.partition(",")[0], "text": name, "box": [0.2, 0.6, 0.1, 0.3], "template_sha": crop}
    return SkillRecord(
        id=f"5ki11{number:07d}",
        name=name,
        description=f"click {name}: at:bar -6",
        scene=SCENES[number % 4],
        steps=[{"action": "click", "target": target, "destination": None, "keys": []}],
        precondition={"scene": SCENES[number % 4], "kind": name},
        effect={"at:bar": -6.0, "own:floor n@639,23": 0.5},
        statistics={
            "uses": uses,
            "responsive": uses - 3 * number,
            "reward_sum": 0.4 * uses - number,
            "reward_sq_sum": 1.0,
            "value": 0.5,
            "last_used": 200 + number,
        },
        provenance=("explored", "planned", "explored", "refined", "composed")[number % 5],
        frames=(crop,) if crop else (),
        **more,
    )


def make(path: Path, *, steps: int = 240, live: bool = False) -> Path:
    """A library with one run of so many steps, five skills with their evidence, pictures and a note."""
    with Store.open(path) as store:
        store.set_meta("frame_size", "1280x720")
        store.set_meta("game", "made")
        store.start_run("made", "local", seed=7, run_id=RUN)
        with store.step():
            _log(store, steps)
            _skills(store)
            store.save_run_state(RUN, {}, steps=steps, status="running" if live else "done")
        _set_times(store, steps)
    return path


def _log(store: Store, steps: int) -> None:
    store.append_event(RUN, "start", {"steps": steps, "frozen": False}, t=BEGAN)
    frames = [store.put_frame(frame(i)) for i in range(3)]
    for step in range(1, steps + 1):
        t = BEGAN + 0.25 * step
        if step % 3 == 0 or step <= len(SKILLS):
            after = frames[(step + 1) % 3] if step <= len(SKILLS) else None
            store.append_event(RUN, "look", look_event(step, frames[step % 3], after), t=t)
        if step <= len(SKILLS) * 4 and step % 4 == 0:
            store.append_event(RUN, "skills", {"learnt": 1}, t=t)
        if step % 40 == 0:
            store.append_event(RUN, "model", model_event(), t=t)
        if step == 150:
            store.append_event(RUN, "skills", {"merged": 1, "pruned": 1}, t=t)
        if step == 130:
            found = [
                {"place": "floor n@639,23", "name": "floor", "role": "progress", "fit": 0.9},
                {"place": "n/m@89,23", "name": "bar at 89,23", "role": "survival", "fit": 0.8},
            ]
            store.append_event(RUN, "counters", {"step": step, "found": found}, t=t)
        store.append_event(RUN, "step", step_event(step), t=t)
    store.append_event(RUN, "control", {"what": "note", "text": "looks well"}, t=BEGAN + 0.25 * steps)


def _skills(store: Store) -> None:
    for number, name in enumerate(SKILLS):
        crop = store.put_frame(frame(number, size=(96, 128)))
        more: dict[str, Any] = {"parents": ("5ki110000000", "5ki110000001")} if number == 4 else {}
        store.put_skill(skill(number, name, crop, **more))
        for i in range(20):
            reward = math.sin(i + number) / 4
            step = (number or len(SKILLS)) if i == 0 else 10 * i
            store.add_use(UseRecord(f"5ki11{number:07d}", RUN, step, reward, i % 5 != 0, {"at:bar": -6.0}))


def _set_times(store: Store, steps: int) -> None:
    """Times that are the same every time."""
    store._db.connection.exec_driver_sql(
        f"UPDATE run SET started = {BEGAN}, updated = {BEGAN + 0.25 * steps}"
    )
