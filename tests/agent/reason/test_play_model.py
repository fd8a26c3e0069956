"""`groundup play` with a model: its report, its budget, what is wrong before it begins."""

from __future__ import annotations

import base64
import io
import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from PIL import Image

from groundup.agent.reason.counting import instance
from groundup.memory.store import Store
from tests.agent.conftest import GAME, ROOT, Groundup
from tests.agent.reason.adversary import Answer, Body, refused, said, serving


@pytest.fixture
def play(groundup: Groundup) -> Groundup:
    """Runs `groundup play` on the example game."""
    return lambda *arguments: groundup("play", GAME, *arguments)


def test_scripted_advice_is_counted_by_question_and_skills_get_names(play: Groundup) -> None:
    ran = play("--policy", "scripted", "--steps", "40", "--json")
    assert ran.code == 0, ran.err
    report = ran.json
    assert report["policy"] == "scripted"
    questions = report["model"]["by_question"]
    assert {"describe", "names"} <= questions.keys()
    assert report["model_calls"] == sum(row["calls"] for row in questions.values()) > 0
    assert report["cost_usd"] == 0
    with Store.open(report["library"], readonly=True) as store:
        assert any(record.name.startswith("Use ") for record in store.skills())
        events = [e for e in store.events(report["run"], limit=10_000) if e.kind == "model"]
    assert len(events) == sum(row["asked"] for row in questions.values())


def test_a_budget_is_held_and_the_run_goes_on(play: Groundup) -> None:
    ran = play("--policy", "scripted", "--steps", "20", "--max-calls", "3", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["model_calls"] == 3
    assert ran.json["steps"] >= 20
    assert ran.err.count("--max-calls 3 is reached") == 1


def test_a_run_is_resumed_with_its_model_and_counted_whole(play: Groundup) -> None:
    first = play("--policy", "scripted", "--steps", "20", "--minutes", "0.0001", "--json")
    assert first.code == 0, first.err
    ran = play("--resume", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["policy"] == "scripted"
    assert ran.json["model_calls"] >= first.json["model_calls"]
    assert ran.json["run"] == first.json["run"]


def test_the_summary_for_a_person_has_tokens_and_money_by_question(play: Groundup) -> None:
    ran = play("--policy", "scripted", "--steps", "10")
    assert "model calls" in ran.out
    assert "describe" in ran.out
    assert "$0.00" in ran.out


def probe_then(answer: Answer) -> tuple[list[int], object]:
    """A server that sees the first picture, and then gives `answer` for ever."""
    calls: list[int] = []

    def serve(body: Body) -> Answer:
        calls.append(1)
        if len(calls) > 1:
            return answer
        number = body["messages"][1]["content"][0]["text"].split("the number ")[1].split(".")[0]
        return said(json.dumps({"color": "red", "number": int(number)}))

    return calls, serve


def test_a_server_that_is_gone_does_not_stop_play(play: Groundup) -> None:
    calls, serve = probe_then(refused(400, "no more"))
    with serving(serve) as server:  # type: ignore[arg-type]
        ran = play("--policy", "openai", "--base-url", server.url, "--model", "m", "--steps", "60", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["steps"] >= 60
    assert "goes on with rules" in ran.err
    assert ran.json["cost_usd"] is None  # nobody knows this model's price
    assert len(calls) < 20


def test_a_picture_too_large_for_the_model_is_shown_smaller(play: Groundup) -> None:
    largest = 600
    shown: list[int] = []

    def serve(body: Body) -> Answer:
        parts = body["messages"][1]["content"]
        pictures = [part["image_url"]["url"] for part in parts if part["type"] == "image_url"]
        sides = [max(_size(url)) for url in pictures]
        if not shown:
            number = parts[0]["text"].split("the number ")[1].split(".")[0]
            shown.append(max(sides))
            return said(json.dumps({"color": "red", "number": int(number)}))
        shown.extend(sides)
        if any(side > largest for side in sides):
            return refused(413, "Payload too large")
        schema = body["response_format"]["json_schema"]["schema"]
        return said(json.dumps(instance(schema, Random(len(shown)))))

    with serving(serve) as server:
        ran = play("--policy", "openai", "--base-url", server.url, "--model", "m", "--steps", "30", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["steps"] >= 30
    refusals = [side for side in shown if side > largest]
    assert len(refusals) == 1
    assert ran.err.count("From now on at most") == 1
    assert any(largest // 2 < side <= largest for side in shown[shown.index(refusals[0]) :])
    assert ran.json["model_calls"] > 2


def _size(url: str) -> tuple[int, int]:
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as picture:
        return picture.size


def errors(err: str) -> list[str]:
    """What was said but for who is asked."""
    return [line for line in err.strip().splitlines() if "Asking" not in line]


def test_a_budget_of_no_calls_asks_nothing(play: Groundup) -> None:
    with serving(lambda _: refused(500, "boom")) as server:
        ran = play(
            "--policy", "openai", "--base-url", server.url, "--model", "m", "--steps", "5",
            "--max-calls", "0", "--json",
        )  # fmt: skip
    assert ran.code == 0, ran.err
    assert not server.bodies
    assert ran.json["model_calls"] == 0
    assert ran.err.count("--max-calls 0 is reached") == 1


def test_a_first_question_without_a_valid_answer_is_no_answer(play: Groundup) -> None:
    with serving(lambda _: said("nonsense")) as server:
        ran = play(
            "--policy", "openai", "--base-url", server.url, "--model", "m", "--steps", "5",
            "--max-calls", "2", "--json",
        )  # fmt: skip
    assert ran.code == 0, ran.err
    assert len(server.bodies) == ran.json["model_calls"] == 2
    probe = ran.json["model"]["by_question"]["probe"]
    assert (probe["asked"], probe["answered"]) == (1, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--policy", "openai", "--model", "gpt-4o"), "set OPENAI_API_KEY"),
        (("--policy", "openai"), "name one by --model"),
        (("--policy", "openai", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"), "start the server"),
        (("--policy", "openai", "--model", "m", "--base-url", "nowhere"), "no address of a server"),
        (("--policy", "openai", "--model", "m", "--base-url", "http://u:p@h/v1"), "Leave the key out"),
        (
            ("--policy", "openai", "--model", "m", "--base-url", "u:p@h/v1"),
            "Leave the key out of --base-url:",
        ),
        (("--policy", "openai", "--model", "m", "--base-url", "http://h/v1#key"), "Leave the key out"),
        (
            ("--policy", "openai", "--model", "m", "--base-url", "http://127.0.0.1:9", "--max-cost", "1"),
            "--max-calls",
        ),
        (("--policy", "openai", "--model", "m", "--key-file", "no/such"), "cannot be read"),
        (("--policy", "openai", "--model", "m", "--device", "cpu"), "leave them out"),
        (("--policy", "scripted", "--max-calls", "-1"), "no number of calls"),
        (("--policy", "scripted", "--max-cost", "nan"), "no amount"),
        (("--policy", "scripted", "--model", "no-such.json"), "no script of replies"),
        (("--policy", "scripted", "--profile", "none"), "No profile"),
        (("--policy", "transformers"), "Name the folder"),
        (("--policy", "transformers", "--model", "no/such"), "is no folder"),
        (("--policy", "transformers", "--model", "docs"), "holds no model"),
        (("--model", "gpt-4o"), "policies that ask one"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence_before_anything_is_written(
    play: Groundup,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    words: str,
) -> None:
    for name in ("OPENAI_API_KEY", "GROUNDUP_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    ran = play("--steps", "5", *arguments)
    assert ran.code == 2
    assert words in ran.err
    assert len(errors(ran.err)) == 1, ran.err
    assert not list(home.glob("*.db"))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (refused(401, "bad key"), "refuses the key"),
        (refused(404, "The model `m` does not exist"), "no model 'm'"),
        (Answer("<html></html>", 200, {"Content-Type": "text/html"}), "OpenAI-compatible"),
        (refused(400, "this model does not support image input"), "takes no pictures"),
        (refused(400, "foo/bar is not a valid model ID"), "no model 'm'"),
        (refused(400, "model is loading"), "in no form"),
    ],
)
def test_servers_that_will_not_do_are_found_out_before_the_run(
    play: Groundup, answer: Answer, words: str
) -> None:
    with serving(lambda _: answer) as server:
        ran = play("--policy", "openai", "--base-url", server.url, "--model", "m", "--steps", "5")
    assert ran.code == 2
    assert words in ran.err
    assert "Asking m at http://127.0.0.1" in ran.err
    assert len(errors(ran.err)) == 1, ran.err


def test_the_key_of_openai_is_shown_to_no_other_server(
    play: Groundup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-openai")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: of-openai")
    monkeypatch.delenv("GROUNDUP_API_KEY", raising=False)
    with serving(lambda _: refused(401, "no")) as server:
        play("--policy", "openai", "--base-url", server.url, "--model", "m", "--steps", "5")
    assert server.headers
    assert "of-openai" not in json.dumps(server.headers)


def test_a_dry_run_asks_no_model(play: Groundup) -> None:
    ran = play("--policy", "openai", "--model", "gpt-4o", "--dry-run")
    assert ran.code == 0, ran.err
    assert ran.json["move"]["points"]


def test_play_without_a_model_imports_none_of_it() -> None:
    model = "('openai', 'transformers', 'torch', 'genai_prices', 'llguidance')"
    code = (
        "import sys; from groundup.agent import cli_play; from groundup.agent.policies import make_policy;"
        f"print([m for m in sys.modules if m.split('.')[0] in {model} or 'agent.reason' in m])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
