"""A window with large words on it, which change at the first click or key.

python text_window.py TITLE BEFORE AFTER
"""

import os
import sys

os.environ["PYGAME_HIDE_SUPPORT_PROMPT"] = "1"

import pygame

title, before, after = sys.argv[1:]
pygame.display.init()
pygame.font.init()
screen = pygame.display.set_mode((640, 400))
pygame.display.set_caption(title)
font = pygame.font.Font(None, 72)
words, clock = before, pygame.time.Clock()
while True:
    for event in pygame.event.get():
        if event.type == pygame.QUIT:
            sys.exit()
        if event.type in (pygame.KEYDOWN, pygame.MOUSEBUTTONDOWN):
            words = after
    screen.fill((20, 20, 20))
    screen.blit(font.render(words, True, (240, 240, 240)), (120, 160))
    pygame.display.flip()
    clock.tick(30)
