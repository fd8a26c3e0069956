"""What the documents say can be typed exists, and what exists is documented."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from groundup.agent.cli import app

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
TREE: Any = typer.main.get_command(app)


def _leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    inside = getattr(command, "commands", None)
    if inside is None:
        yield path, command
        return
    for name, child in inside.items():
        yield from _leaves(child, (*path, name))


LEAVES = tuple(_leaves(TREE))


def _typed(text: str, program: str) -> Iterator[list[str]]:
    """The words of each command line of `program` in code, blocks and spans alike."""
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    spans = re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    for line in [*lines, *spans]:
        if line.strip().startswith(f"{program} "):
            yield shlex.split(line.strip(), comments=True)


def _options(command: Any) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts} | {"--help"}


COMMANDS = [(page.name, words) for page in PAGES for words in _typed(page.read_text("utf-8"), "groundup")]


@pytest.mark.parametrize(("page", "words"), COMMANDS, ids=[" ".join(words)[:60] for _, words in COMMANDS])
def test_every_command_in_the_documents_exists(page: str, words: list[str]) -> None:
    command, rest = TREE, words[1:]
    while getattr(command, "commands", None) is not None and rest and re.fullmatch(r"[a-z]+", rest[0]):
        assert rest[0] in command.commands, f"{page}: {' '.join(words)}"
        command, rest = command.commands[rest[0]], rest[1:]
    if getattr(command, "commands", None) is None:
        for word in rest:
            if word.startswith("--"):
                assert word.split("=")[0] in _options(command), f"{page}: {' '.join(words)}"


@pytest.mark.parametrize(("path", "command"), LEAVES, ids=[" ".join(path) for path, _ in LEAVES])
def test_every_command_and_option_is_documented(path: tuple[str, ...], command: Any) -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    assert f"groundup {' '.join(path)}" in page
    for option in _options(command) - {"--help"}:
        if option.startswith("--"):
            assert f"`{option}" in page, f"{option} of {' '.join(path)}"


def test_every_make_target_in_the_documents_exists() -> None:
    rules = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    named = {words[1] for page in PAGES for words in _typed(page.read_text("utf-8"), "make")}
    assert {"play", "test", "check"} <= named <= set(rules)


def test_every_link_and_picture_is_there() -> None:
    for page in PAGES:
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_pictures_are_small() -> None:
    for picture in (ROOT / "docs").glob("*.png"):
        assert picture.stat().st_size < 300_000, picture.name
