"""What a terminal shows of a program's output, as a page: the codes of SGR are turned into spans."""

import html
import re

# The palette of a dark terminal, by number.
COLOURS = ["#3b4252", "#f0716b", "#8fce7b", "#e6c15c", "#6aa9f7", "#c792ea", "#56c8d8", "#d8dee9",
           "#7b8498", "#ff8a84", "#a8e396", "#f5d67b", "#8fc1ff", "#dcb0f5", "#7fe0ed", "#f4f6fa"]
CODES = re.compile(r"\x1b\[([0-9;]*)m")
LOOK = """
body { margin: 0; background: #14181f; color: #d8dee9; }
/* A column is 8 pixels wide, so that bars have no seams. */
pre { margin: 0; padding: 18px 22px; font: 13.289px/18px "DejaVu Sans Mono", monospace; display: inline-block; }
"""


def extended(codes):
    """The colour behind 38 or 48: one of 256, or one by its parts."""
    if next(codes, None) == 5:
        number = next(codes, 7)
        if number < 16:
            return COLOURS[number]
        if number >= 232:
            return "#" + f"{8 + 10 * (number - 232):02x}" * 3
        levels = [0, 95, 135, 175, 215, 255]
        number -= 16
        return "#" + "".join(f"{levels[part]:02x}" for part in (number // 36, number // 6 % 6, number % 6))
    return "#" + "".join(f"{next(codes, 0):02x}" for _ in range(3))


def changed(look, codes):
    """The look of text behind a sequence of codes."""
    look = dict(look)
    codes = iter(codes)
    for code in codes:
        if code == 0:
            look = {}
        elif code in (1, 2, 3, 4, 7, 9):
            look[code] = True
        elif code in (22, 23, 24, 27, 29):
            for ended in {22: (1, 2), 23: (3,), 24: (4,), 27: (7,), 29: (9,)}[code]:
                look.pop(ended, None)
        elif code in (38, 48):
            look["text" if code == 38 else "ground"] = extended(codes)
        elif code in (39, 49):
            look.pop("text" if code == 39 else "ground", None)
        elif 30 <= code <= 37 or 90 <= code <= 97:
            look["text"] = COLOURS[code - 30 if code < 40 else code - 82]
        elif 40 <= code <= 47 or 100 <= code <= 107:
            look["ground"] = COLOURS[code - 40 if code < 50 else code - 92]
    return look


def style(look):
    """A look as CSS."""
    text, ground = look.get("text"), look.get("ground")
    if look.get(7):
        text, ground = ground or "#14181f", text or "#d8dee9"
    rules = {"color": text, "background": ground, "font-weight": look.get(1) and "bold",
             "opacity": look.get(2) and "0.62", "font-style": look.get(3) and "italic",
             "text-decoration": look.get(4) and "underline" or look.get(9) and "line-through"}
    return ";".join(f"{name}:{value}" for name, value in rules.items() if value)


def page_of(output, lines=None):
    """A page of a program's output, of its first lines only if so many are given."""
    if lines:
        output = "\n".join(output.split("\n")[:lines])
    parts, look, done = [], {}, 0
    for match in [*CODES.finditer(output), None]:
        text = html.escape(output[done:match.start() if match else None])
        if text:
            parts.append(f'<span style="{style(look)}">{text}</span>' if look else text)
        if match:
            look = changed(look, [int(code or 0) for code in match[1].split(";")])
            done = match.end()
    return f"<!doctype html><meta charset=utf-8><title>terminal</title><style>{LOOK}</style><pre>{''.join(parts)}</pre>"
