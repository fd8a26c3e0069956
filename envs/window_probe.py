"""A window that writes down each press, click and move it receives: what a test or `doctor --window` aims at.

Run as `python -m groundup.envs.window_probe LOG TITLE WIDTH HEIGHT`; one JSON line an event. Each click
draws a square.
"""

from __future__ import annotations

import json
import os
import sys

os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

import pygame


def main(log: str, title: str, width: int, height: int) -> None:
    """Show the window until it is closed, or q is pressed."""
    pygame.display.init()
    screen = pygame.display.set_mode((width, height), pygame.RESIZABLE)
    pygame.display.set_caption(title)
    clock = pygame.time.Clock()
    with open(log, "a", encoding="utf-8") as out:

        def say(kind: str, **more: object) -> None:
            out.write(json.dumps({"kind": kind, "t": pygame.time.get_ticks(), **more}) + "\n")
            out.flush()

        say("ready")
        drawn: list[tuple[int, int]] = []
        while True:
            for event in pygame.event.get():
                if event.type == pygame.QUIT:
                    say("quit")
                    return
                if event.type in (pygame.KEYDOWN, pygame.KEYUP):
                    down = event.type == pygame.KEYDOWN
                    say(
                        "key",
                        name=pygame.key.name(event.key),
                        down=down,
                        mod=bool(event.mod & pygame.KMOD_SHIFT),
                    )
                    if down and event.key == pygame.K_q:
                        return
                elif event.type in (pygame.MOUSEBUTTONDOWN, pygame.MOUSEBUTTONUP):
                    down = event.type == pygame.MOUSEBUTTONDOWN
                    say("button", name=event.button, down=down, at=event.pos)
                    if down:
                        drawn.append(event.pos)
                elif event.type == pygame.MOUSEMOTION:
                    say("move", at=event.pos)
            screen.fill((40, 60, 90))
            for x, y in drawn[-200:]:
                pygame.draw.rect(screen, (250, 200, 40), (x - 5, y - 5, 10, 10))
            pygame.display.flip()
            clock.tick(60)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
