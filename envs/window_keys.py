"""Keys by pyautogui's names: what X11 calls them, how characters are typed, chords written with "+"."""

from __future__ import annotations

KEYSYMS = {
    "enter": "Return",
    "return": "Return",
    "esc": "Escape",
    "escape": "Escape",
    "tab": "Tab",
    "space": "space",
    "backspace": "BackSpace",
    "delete": "Delete",
    "insert": "Insert",
    "home": "Home",
    "end": "End",
    "pageup": "Prior",
    "pagedown": "Next",
    "left": "Left",
    "right": "Right",
    "up": "Up",
    "down": "Down",
    "shift": "Shift_L",
    "shiftleft": "Shift_L",
    "shiftright": "Shift_R",
    "ctrl": "Control_L",
    "ctrlleft": "Control_L",
    "ctrlright": "Control_R",
    "alt": "Alt_L",
    "altleft": "Alt_L",
    "altright": "Alt_R",
    "win": "Super_L",
    "winleft": "Super_L",
    "winright": "Super_R",
    "printscreen": "Print",
    "pause": "Pause",
    "capslock": "Caps_Lock",
    " ": "space",
    "!": "exclam",
    '"': "quotedbl",
    "#": "numbersign",
    "$": "dollar",
    "%": "percent",
    "&": "ampersand",
    "'": "apostrophe",
    "(": "parenleft",
    ")": "parenright",
    "*": "asterisk",
    "+": "plus",
    "add": "KP_Add",
    "subtract": "KP_Subtract",
    ",": "comma",
    "-": "minus",
    ".": "period",
    "/": "slash",
    ":": "colon",
    ";": "semicolon",
    "<": "less",
    "=": "equal",
    ">": "greater",
    "?": "question",
    "@": "at",
    "[": "bracketleft",
    "\\": "backslash",
    "]": "bracketright",
    "^": "asciicircum",
    "_": "underscore",
    "`": "grave",
    "{": "braceleft",
    "|": "bar",
    "}": "braceright",
    "~": "asciitilde",
    "\n": "Return",
    "\t": "Tab",
    **{f"f{i}": f"F{i}" for i in range(1, 25)},
    **{f"num{i}": f"KP_{i}" for i in range(10)},
}
"""X11's names of keys that are not called by their own character."""

SHIFTED = dict(zip('!@#$%^&*()_+{}|:"<>?~', "1234567890-=[]\\;',./`", strict=True))
"""Characters on the shifted keys of a US keyboard, and the key they are on."""

MODIFIERS = ("ctrl", "alt", "shift", "win")


def keysym_name(key: str) -> str:
    """X11's name of a key."""
    return KEYSYMS.get(key.lower() if len(key) > 1 else key, key)


def keys_for(character: str) -> tuple[str, ...]:
    """The keys that are pressed together for a character on a US keyboard."""
    if character in SHIFTED:
        return "shift", SHIFTED[character]
    if character.isalpha() and character.isupper():
        return "shift", character.lower()
    return (character,)


def chord(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of a chord, one by one and in lower case: ("shift+enter",) and ("shift", "enter") are the
    same."""
    out: list[str] = []
    for key in keys:
        parts = key.split("+") if len(key) > 1 and "+" in key[1:] else [key]
        out += [part.lower() for part in parts]
    return tuple(out)


def plain(key: str) -> str:
    """A key's name without its side: "shiftleft" is "shift"; "return" is "enter", "escape" "esc"."""
    for modifier in MODIFIERS:
        if key in (f"{modifier}left", f"{modifier}right"):
            return modifier
    return {"return": "enter", "escape": "esc"}.get(key, key)
