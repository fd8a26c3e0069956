"""How a terminal shows pictures, asked before the dashboard takes it over.

One question that every terminal answers at once, put behind one that only those with Kitty's graphics answer,
as its protocol recommends (https://sw.kovidgoyal.net/kitty/graphics-protocol/, "Querying support").
textual-image asks one after the other and waits for those that do not know the first; it is imported, and has
the last word, only where there is something for it to do.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from functools import lru_cache
from typing import Literal

Means = Literal["graphics", "cells"]

PATIENCE = 0.2
"""Seconds that the answer may take: a terminal on this machine needs a few milliseconds."""

_ASK_KITTY = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_ASK_ATTRIBUTES = b"\x1b[c"
_ATTRIBUTES = re.compile(rb"\x1b\[\?([0-9;]*)c")
_SIXEL = b"4"


@lru_cache(maxsize=1)
def means() -> Means:
    """How this terminal shows pictures; it is asked once."""
    if not sys.stdin.isatty() or not (sys.__stdout__ and sys.__stdout__.isatty()):
        return "cells"
    try:
        if not _has_graphics():
            return "cells"
        # This asks for the size of a cell, which nobody can once the dashboard has the terminal.
        import textual_image.widget  # noqa: F401
        from textual_image.renderable import Image as Best
        from textual_image.renderable import SixelImage, TGPImage
    except Exception:  # a terminal that answers strangely must not keep anybody from watching
        return "cells"
    return "graphics" if Best in (SixelImage, TGPImage) else "cells"


if sys.platform == "win32":

    def _has_graphics() -> bool:
        return True  # textual-image knows how to ask there

else:
    import termios
    import tty

    def _has_graphics() -> bool:
        """Whether the terminal says that it has Kitty's graphics or Sixel."""
        assert sys.__stdout__ is not None
        into, out = sys.stdin.fileno(), sys.__stdout__.fileno()
        before = termios.tcgetattr(into)
        tty.setcbreak(into, termios.TCSANOW)
        try:
            os.write(out, _ASK_KITTY + _ASK_ATTRIBUTES)
            answer = _answer(into)
        finally:
            termios.tcsetattr(into, termios.TCSANOW, before)
        attributes = _ATTRIBUTES.search(answer)
        sixel = attributes is not None and _SIXEL in attributes[1].split(b";")
        return sixel or b";OK\x1b\\" in answer


def _answer(file: int) -> bytes:
    """What comes until the attributes have come, or the time is over."""
    read, end = b"", time.monotonic() + PATIENCE
    while not _ATTRIBUTES.search(read) and (left := end - time.monotonic()) > 0:
        if select.select([file], [], [], left)[0]:
            read += os.read(file, 1024)
    return read
