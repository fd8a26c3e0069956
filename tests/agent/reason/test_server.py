"""The `openai` backend through the real SDK against servers on loopback that behave badly."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from groundup.agent.reason import prompts
from groundup.agent.reason.costs import Budget, Prices
from groundup.agent.reason.errors import Cancelled, Invalid, NoAnswer, Refused, TooLarge, Unavailable
from groundup.agent.reason.keys import NONE, OPENAI, find_key
from groundup.agent.reason.mind import Mind
from groundup.agent.reason.pictures import plain
from groundup.agent.reason.reasoner import Question
from groundup.agent.reason.replies import Pick, Reply
from groundup.agent.reason.schemas import full, portable
from groundup.agent.reason.server import ServerReasoner
from groundup.agent.reason.servers import Servers
from tests.agent.reason.adversary import Answer, Body, called, form, refused, responded, said, serving

PICTURE = plain((200, 30, 30))
QUESTION = prompts.pick(PICTURE, ["a door", "a key"], "", "")
GOOD = '{"because": "it opens", "element": 2}'
KEY = "sk-test-0123456789abcdefghijklmnop"


def page(words: str) -> str:
    """What a web server says to people."""
    return f"<html><head><title>{words}</title></head></html>"


def ask(
    answer: Callable[[Body], Answer],
    *,
    question: Question[Pick] = QUESTION,
    servers: Servers | None = None,
    responses: bool = False,
    timeout: float = 5.0,
    retries: int = 0,
    times: int = 1,
) -> tuple[list[str], list[Body]]:
    """Ask `times` times; returns by what means each was answered, and what was sent."""
    with serving(answer) as server:
        reasoner = ServerReasoner(
            "m", server.url, KEY, servers=servers, responses=responses, timeout=timeout, retries=retries
        )
        try:
            hows = []
            for _ in range(times):
                got = reasoner.ask(question)
                assert got.reply.element == 2
                hows.append(got.how)
            return hows, server.bodies
        finally:
            reasoner.close()


def test_a_schema_is_sent_with_the_picture_and_nothing_is_streamed() -> None:
    hows, (body,) = ask(lambda _: said(GOOD))
    assert hows == ["schema"]
    schema = body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["properties"]["element"]["maximum"] == 2
    assert schema["schema"]["additionalProperties"] is False
    assert body["stream"] is False
    text, picture = body["messages"][1]["content"]
    assert "a door" in text["text"]
    assert picture["image_url"]["url"] == PICTURE.url


@pytest.mark.parametrize("rung", ["schema", "object", "tool", "plain"])
def test_the_ladder_is_gone_down_once_and_remembered(rung: str, tmp_path: Path) -> None:
    order = ["schema", "object", "tool", "plain"]

    def answer(body: Body) -> Answer:
        if order.index(form(body)) < order.index(rung):
            return refused(400, f"{form(body)}: this format is not supported")
        return called("reply", GOOD) if form(body) == "tool" else said(f"Sure!\n```json\n{GOOD}\n```")

    file = tmp_path / "servers.json"
    hows, bodies = ask(answer, servers=Servers(file), times=2)
    assert hows == [rung, rung]
    assert [form(body) for body in bodies] == [*order[: order.index(rung)], rung, rung]
    (known,) = json.loads(file.read_text()).values()
    assert known == rung


@pytest.mark.parametrize("bad", [refused(400, "model is loading"), said("I would click the key.")])
def test_a_bad_moment_is_not_remembered(bad: Answer, tmp_path: Path) -> None:
    file = tmp_path / "servers.json"
    with pytest.raises(NoAnswer):
        ask(lambda _: bad, servers=Servers(file))
    assert not file.exists()
    assert ask(lambda _: said(GOOD), servers=Servers(file))[0] == ["schema"]


def test_where_the_remembered_form_brings_nothing_the_ladder_is_gone_down_again(tmp_path: Path) -> None:
    def answer(body: Body) -> Answer:
        return said(GOOD) if form(body) == "schema" else said("I would click the key.")

    servers = Servers(tmp_path / "servers.json")
    with serving(answer) as server:
        servers.remember(server.url, "m", "plain")
        reasoner = ServerReasoner("m", server.url, KEY, servers=servers, retries=0)
        assert reasoner.ask(QUESTION).how == "schema"
        # A server that was started anew in another way.
        server.answer = lambda body: refused(400, "no") if form(body) == "schema" else said(GOOD)
        with pytest.raises(Unavailable, match="in no form"):
            reasoner.ask(QUESTION)
        assert reasoner.ask(QUESTION).how == "object"
        reasoner.close()


def parts(schema: object) -> Iterator[dict[str, Any]]:
    """Every object inside a schema."""
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from parts(part)


@pytest.mark.parametrize("reply", Reply.__subclasses__(), ids=lambda reply: reply.__name__)
def test_forms_are_such_as_strict_servers_take_and_bounded(reply: type[Reply]) -> None:
    for part in parts(portable(reply, 5)):
        assert not {"oneOf", "discriminator", "minLength", "maxLength", "default"} & part.keys()
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
    for part in parts(full(reply, 5)):
        bound = {"string": "maxLength", "array": "maxItems", "integer": "maximum"}.get(str(part.get("type")))
        assert bound is None or bound in part or "enum" in part or "const" in part
    with pytest.raises(ValidationError):
        reply.model_validate({"something": "else"})


def test_the_form_of_a_json_object_is_sent_with_its_bounds() -> None:
    def answer(body: Body) -> Answer:
        return said(GOOD) if form(body) == "object" else refused(400, "json_schema is not supported")

    _, bodies = ask(answer)
    schema = bodies[1]["response_format"]["schema"]
    assert schema["properties"]["because"]["maxLength"] == 160
    assert schema["properties"]["element"]["maximum"] == 2


def test_a_server_that_answers_500_to_a_form_is_asked_in_the_next() -> None:
    def answer(body: Body) -> Answer:
        if form(body) == "schema":
            return refused(
                500, "'loc': ('body', 'response_format', 'type'), 'msg': \"Input should be 'text'\""
            )
        return said(GOOD)

    hows, _ = ask(answer, times=2)
    assert hows == ["object", "object"]


def test_a_server_that_ignores_the_form_silently_is_found_out() -> None:
    def answer(body: Body) -> Answer:
        return called("reply", GOOD) if form(body) == "tool" else said("I would click the key.")

    hows, bodies = ask(answer, times=2)
    assert hows == ["tool", "tool"]
    assert [form(body) for body in bodies] == ["schema", "object", "tool", "tool"]


def test_one_reply_in_the_wrong_form_is_mended_once() -> None:
    replies = iter([GOOD, '{"element": 7, "because": ""}', GOOD])
    hows, bodies = ask(lambda _: said(next(replies)), times=2)
    assert hows == ["schema", "schema"]
    assert "there are things 1 to 2" in bodies[2]["messages"][1]["content"][0]["text"]


def test_a_server_that_does_not_take_the_second_request_has_not_answered() -> None:
    answers = iter([said(GOOD), said("I would click the key."), refused(400, "Please reduce the length")])
    with pytest.raises(Invalid, match="Please reduce the length") as caught:
        ask(lambda _: next(answers), times=2)
    assert caught.value.usage.requests == 2


@pytest.mark.parametrize(
    "answer",
    [
        said(""),
        said(None),
        said("{" * 5000),
        said('{"because": "x", "element": 99}'),
        said('{"because": "x", "element": 2, "key": "alt+f4"}'),
        said('{"element": [1, 2], "because": {}}'),
        said("x" * 10_000_000),
        called("open_terminal", '{"command": "rm -rf /"}'),
        called("reply", "no JSON"),
        Answer('{"object": "chat.completion", "choices": []}'),
        Answer('{"object": "chat.completion", "choices": [null], "usage": {"prompt_tokens": "many"}}'),
    ],
    ids=lambda answer: answer.data[-60:].decode()[:20],
)
def test_replies_of_no_use_are_no_answers(answer: Answer) -> None:
    with pytest.raises(Invalid) as caught:
        ask(lambda _: answer)
    assert caught.value.usage.requests == 4  # each rung once


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("{'no': json", 200), "not as an OpenAI-compatible"),
        (Answer("<html>Welcome</html>", 200, {"Content-Type": "text/html"}), "not as an OpenAI-compatible"),
        (Answer('{"choices": [{"index": 0, "mess', cut=20), "broke off in the middle"),
        (Answer("[1, 2]"), "not as an OpenAI-compatible"),
        (Answer('{"choices": 5}'), "not as an OpenAI-compatible"),
        (refused(500, "boom"), "status 500: boom"),
        (refused(503, "loading"), "status 503"),
        (refused(429, "slow down"), "asked too much"),
        (refused(408, "too late"), "refuses the request|fails"),
    ],
)
def test_failing_servers_are_unavailable(answer: Answer, words: str) -> None:
    with pytest.raises(Unavailable, match=words):
        ask(lambda _: answer)


@pytest.mark.parametrize(
    ("parameter", "words", "instead"),
    [
        ("temperature", "Unsupported parameter: temperature", None),
        ("max_tokens", "'max_tokens' is not supported: use 'max_completion_tokens'", "max_completion_tokens"),
    ],
)
def test_a_parameter_that_is_not_taken_is_left_out_from_then_on(
    parameter: str, words: str, instead: str | None
) -> None:
    hows, bodies = ask(lambda body: refused(400, words) if parameter in body else said(GOOD), times=2)
    assert hows == ["schema", "schema"]
    assert [parameter in body for body in bodies] == [True, False, False]
    assert instead is None or instead in bodies[1]


def test_what_a_model_is_called_says_nothing_of_what_it_sees() -> None:
    def answer(body: Body) -> Answer:
        return refused(400, "qwen-vision cannot call a tool") if form(body) != "plain" else said(GOOD)

    with serving(answer) as server:
        reasoner = ServerReasoner("qwen-vision", server.url, KEY, retries=0)
        assert reasoner.ask(QUESTION).how == "plain"
        reasoner.close()


def test_a_server_that_hangs_is_given_up() -> None:
    with pytest.raises(Unavailable, match="did not answer in time"):
        ask(lambda _: Answer("{}", wait=20), timeout=0.3)


@pytest.mark.parametrize("status", [408, 409, 429, 500, 503])
def test_what_may_pass_is_tried_again(status: int) -> None:
    answers = iter(
        [refused(status, "later", **{"Retry-After": "0.01"}), refused(status, "later"), said(GOOD)]
    )
    hows, bodies = ask(lambda _: next(answers), retries=2)
    assert hows == ["schema"]
    assert len(bodies) == 3


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (refused(401, f"Incorrect API key provided: {KEY}"), Refused, "refuses the key"),
        (refused(403, "Country not supported"), Refused, "refuses the key .status 403: Country not supp"),
        (refused(403, "m requires moderation, your input was flagged"), Unavailable, "will not answer"),
        (refused(404, "The model `m` does not exist", "model_not_found"), Refused, "no model 'm'"),
        (Answer('{"detail":"Not Found"}', 404), Refused, "ends in /v1"),
        (refused(404, "No endpoints found that support image input"), Refused, "takes no pictures"),
        (
            refused(500, "image input is not supported - hint: you may need the mmproj"),
            Refused,
            "takes no pict",
        ),
        (
            refused(400, "At most 0 image(s) may be provided: m is not a multimodal model"),
            Refused,
            "takes no p",
        ),
        (refused(413, "Payload too large"), TooLarge, "as large"),
        (refused(400, "image exceeds 5 MB maximum"), TooLarge, "as large"),
        (refused(400, "This model's maximum context length is 4096 tokens"), TooLarge, "as large"),
        (refused(429, "You exceeded your quota", "insufficient_quota"), Refused, "no credit"),
        (refused(402, "Insufficient credits"), Refused, "no credit"),
        (refused(400, "foo/bar is not a valid model ID"), Refused, "no model 'm'"),
        (refused(400, "Invalid model name passed in model=m. Call `/v1/models`"), Refused, "no model 'm'"),
        (refused(400, "Invalid model: foo"), Refused, "no model 'm'"),
        (refused(400, "Model not available: qwen-vision"), Refused, "no model 'm'"),
        (refused(404, "The model `v-vision` does not exist"), Refused, "no model 'm'"),
        (Answer('[{"error": {"code": 400, "message": "API key not valid."}}]', 400), Refused, "the key"),
        (Answer('[{"error": {"code": 404, "message": "models/m is not found"}}]', 404), Refused, "no model"),
        (Answer(page("400 The plain HTTP request was sent to HTTPS port"), 400), Refused, "wants https"),
        (Answer(page("400 Bad Request"), 400), Refused, "no OpenAI-compatible server"),
        (Answer(page("404 Not Found"), 404), Refused, "no OpenAI-compatible server"),
        (Answer(page("405 Not Allowed"), 405), Refused, "no OpenAI-compatible server"),
        (Answer(page("501 Unsupported method"), 501), Refused, "no OpenAI-compatible server"),
        (Answer(page("502 Bad Gateway"), 502), Unavailable, "status 502"),
        (refused(400, "Invalid image: could not decode"), Unavailable, "nothing with a picture"),
        (refused(400, "You uploaded an unsupported image."), Unavailable, "nothing with a picture"),
        (refused(400, "the model is loading"), Unavailable, "in no form .status 400: the model is loading"),
    ],
)
def test_refusals_say_what_to_do(answer: Answer, kind: type[NoAnswer], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        ask(lambda _: answer)
    assert type(caught.value) is kind
    assert "<" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert "sk-" not in str(caught.value)


def test_a_key_that_looks_like_a_word_is_cut_out_of_what_the_server_says() -> None:
    with serving(lambda _: refused(500, "I know nobody called sesame")) as server:
        reasoner = ServerReasoner("m", server.url, "sesame", retries=0)
        with pytest.raises(Unavailable, match="nobody called …") as caught:
            reasoner.ask(QUESTION)
        reasoner.close()
    assert "sesame" not in str(caught.value)


def test_the_key_of_openai_goes_where_nobody_else_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROUNDUP_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert find_key(OPENAI, None) == KEY
    assert find_key(OPENAI.replace("https", "http"), None) == NONE


def test_headers_for_openai_are_sent_to_no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: mine")
    with serving(lambda _: said(GOOD)) as server:
        reasoner = ServerReasoner("m", server.url, KEY)
        reasoner.ask(QUESTION)
        reasoner.close()
    assert "mine" not in json.dumps(server.headers)
    assert os.environ["OPENAI_CUSTOM_HEADERS"] == "X-Team: mine"


def test_what_a_model_calls_its_fields_cannot_write_to_the_terminal() -> None:
    with pytest.raises(Invalid, match="red: Extra inputs") as caught:
        ask(lambda _: said('{"because": "x", "element": 2, "\\u001b[31mred": 1}'))
    assert str(caught.value).isprintable()


def held(
    answer: Callable[[Body], Answer], calls: int, *, retries: int = 0
) -> tuple[Mind, list[Body], list[str]]:
    """A mind that asked one question within so many calls, what was sent, what was told."""
    told: list[str] = []
    with serving(answer) as server:
        reasoner = ServerReasoner("m", server.url, KEY, retries=retries)
        mind = Mind(reasoner, Prices("m"), budget=Budget(calls=calls), say=told.append)
        mind.ask(QUESTION)
        reasoner.close()
        return mind, server.bodies, told


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_budget_of_calls_holds_on_the_ladder(calls: int) -> None:
    mind, bodies, told = held(lambda _: said("I would click the key."), calls)
    assert len(bodies) == calls
    assert not mind.willing
    assert told == [
        f"The model is asked no more: --max-calls {calls} is reached; the run goes on with rules."
    ]


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_budget_of_calls_holds_for_what_is_tried_again(calls: int) -> None:
    mind, bodies, _ = held(lambda _: refused(500, "boom", **{"Retry-After": "0.01"}), calls, retries=2)
    assert len(bodies) == calls
    assert not mind.willing


def test_what_is_tried_again_is_counted() -> None:
    with pytest.raises(Unavailable) as caught:
        ask(lambda _: refused(500, "boom", **{"Retry-After": "0.01"}), retries=2)
    assert (caught.value.usage.requests, caught.value.usage.pictures) == (3, 3)


def test_what_was_sent_before_a_question_was_given_up_is_counted() -> None:
    answers = iter([said("I would click the key."), Answer("{}", wait=60)])
    with serving(lambda _: next(answers)) as server:
        reasoner = ServerReasoner("m", server.url, KEY, deadline=1.0)
        with pytest.raises(Unavailable, match="within 1 s: see whether") as caught:
            reasoner.ask(QUESTION)
        reasoner.close()
    usage = caught.value.usage
    assert (usage.requests, usage.tokens_in, usage.pictures, usage.image_tokens) == (2, 100, 2, 510)


def test_what_a_server_does_not_say_costs_an_unknown_amount() -> None:
    silent = json.loads(said(GOOD).data)
    del silent["usage"]
    with serving(lambda _: Answer(json.dumps(silent))) as server:
        reasoner = ServerReasoner("gpt-4o", server.url, KEY)
        told: list[str] = []
        mind = Mind(reasoner, Prices("gpt-4o", OPENAI), budget=Budget(cost=1.0), say=told.append)
        assert mind.ask(QUESTION) is not None
        assert Prices("gpt-4o", OPENAI).of(reasoner.ask(QUESTION).usage) is None
        reasoner.close()
    assert not mind.willing
    assert "--max-cost 1 cannot be held" in told[0]


def test_nothing_listens() -> None:
    reasoner = ServerReasoner("m", "http://127.0.0.1:9/v1", KEY, retries=0)
    with pytest.raises(Unavailable, match="Nothing answers at"):
        reasoner.ask(QUESTION)
    reasoner.close()


def test_a_question_is_given_up_at_once_when_the_run_stops() -> None:
    asked = threading.Event()

    def answer(_: Body) -> Answer:
        asked.set()
        return Answer("{}", wait=60)

    with serving(answer) as server:
        reasoner = ServerReasoner("m", server.url, KEY, stop=asked.is_set)
        begin = time.monotonic()
        with pytest.raises(Cancelled):
            reasoner.ask(QUESTION)
        assert time.monotonic() - begin < 30  # it would have taken 60
        reasoner.stop = lambda: False
        server.answer = lambda _: said(GOOD)
        assert reasoner.ask(QUESTION).reply.element == 2  # and goes on if asked again
        reasoner.close()


def test_ctrl_c_gives_a_question_up() -> None:
    # What runs in the background of a shell was started with Ctrl-C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)

    def answer(_: Body) -> Answer:
        os.kill(os.getpid(), signal.SIGINT)
        return Answer("{}", wait=60)

    with serving(answer) as server:
        reasoner = ServerReasoner("m", server.url, KEY)
        try:
            with pytest.raises(KeyboardInterrupt):
                reasoner.ask(QUESTION)
        finally:
            signal.signal(signal.SIGINT, before)
        reasoner.close()
    assert len(server.bodies) == 1  # it would have been tried again after 60 s


@pytest.mark.parametrize("rung", ["schema", "object", "tool", "plain"])
def test_the_responses_api_goes_down_the_same_ladder(rung: str) -> None:
    order = ["schema", "object", "tool", "plain"]

    def answer(body: Body) -> Answer:
        if order.index(form(body)) < order.index(rung):
            return refused(400, "this text.format is not supported")
        if form(body) == "tool":
            document = json.loads(responded("").data)
            document["output"] = [
                {"type": "function_call", "call_id": "c", "name": "reply", "arguments": GOOD, "id": "f"}
            ]
            return Answer(json.dumps(document))
        return responded(GOOD)

    hows, bodies = ask(answer, responses=True)
    assert hows == [rung]
    content = bodies[0]["input"][0]["content"]
    assert [part["type"] for part in content] == ["input_text", "input_image"]
    assert bodies[0]["store"] is False


def test_tokens_are_as_the_server_counts_them() -> None:
    with serving(lambda _: said(GOOD)) as server:
        reasoner = ServerReasoner("m", server.url, KEY)
        usage = reasoner.ask(QUESTION).usage
        reasoner.close()
    assert (usage.requests, usage.tokens_in, usage.tokens_out, usage.pictures) == (1, 100, 10, 1)
    assert usage.image_tokens == 255  # one tile


def test_the_key_goes_into_one_header_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with serving(lambda _: said(GOOD)) as server:
        reasoner = ServerReasoner("m", server.url, KEY)
        reasoner.ask(QUESTION)
        reasoner.close()
    (headers,) = server.headers
    assert [name.lower() for name, value in headers.items() if KEY in value] == ["authorization"]
    assert KEY not in json.dumps(server.bodies)
    assert KEY not in caplog.text
    assert KEY not in repr(reasoner)
