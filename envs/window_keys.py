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

ALIASES = {
    "return": "enter",
    "\n": "enter",
    "\r": "enter",
    "escape": "esc",
    " ": "space",
    "\t": "tab",
    "del": "delete",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "control": "ctrl",
    "option": "alt",
    "optionleft": "altleft",
    "optionright": "altright",
    **dict.fromkeys(("print", "prtsc", "prtscr", "prtscn", "prntscrn"), "printscreen"),
    **dict.fromkeys(("command", "cmd", "super", "meta"), "win"),
}
"""Other names of keys, and the one that is used here."""

SYSTEM = (
    ("win",),
    ("printscreen",),
    ("pause",),
    ("ctrl", "alt"),
    ("alt", "tab"),
    ("alt", "f4"),
    ("alt", "esc"),
    ("alt", "space"),
    ("ctrl", "esc"),
)
"""Keys that are never sent together, whatever else is pressed: they speak to the window manager or the
system."""


def keysym_name(key: str) -> str:
    """X11's name of a key."""
    name = canonical(key)
    return KEYSYMS.get(name, name)


def keys_for(character: str) -> tuple[str, ...]:
    """The keys that are pressed together for a character on a US keyboard."""
    if character in SHIFTED:
        return "shift", SHIFTED[character]
    if character.isalpha() and character.isupper():
        return "shift", character.lower()
    return (character,)


def chord(keys: tuple[str, ...]) -> tuple[str, ...]:
    """The keys of a chord, one by one and by their own names: ("shift+enter",) and ("shift", "return") are
    the same; "ctrl++" is ctrl and the plus. A part that is empty stays so, and is no key (`is_key`)."""
    return tuple(canonical(part) for key in keys for part in _parts(key))


def canonical(key: str) -> str:
    """The one name of a key: in lower case, "return" is "enter", a space "space"."""
    return ALIASES.get(key.lower(), key.lower())


def plain(key: str) -> str:
    """A key's own name without its side: "shiftleft" is "shift"."""
    name = canonical(key)
    for modifier in MODIFIERS:
        if name in (f"{modifier}left", f"{modifier}right"):
            return modifier
    return name


def is_key(name: str) -> bool:
    """Whether there is a key of that name: those of `KEYSYMS`, and single characters."""
    return canonical(name) in KEYSYMS or (len(name) == 1 and name.isprintable())


def is_f_key(name: str) -> bool:
    """Whether it is one of F1 to F24."""
    return name[:1] == "f" and name[1:].isdigit()


def pressed(keys: tuple[str, ...]) -> frozenset[str]:
    """What a chord holds down, without sides: a character on a shifted key is that key with shift."""
    return frozenset(plain(part) for key in chord(keys) for part in keys_for(key))


def _parts(key: str) -> list[str]:
    if len(key) < 2:
        return [key]
    if key.endswith("++"):
        return [*_parts(key[:-2]), "+"]
    return key.split("+")
