"""One small change of a source each: what it is called, where it is, what stands there instead.

Owns two ways to find them: cargo-mutants lists many kinds; where it is not installed, operators and results are changed
by a reading of the text that knows just enough of Rust as rustfmt writes it. Both give a mutant the same name.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from small import ROOT, sources


@dataclass(frozen=True)
class Mutant:
    """A change of one place of one file."""

    file: str
    # What it does, without a position: `replace < with <= in opens`.
    name: str
    start: int
    end: int
    instead: str

    def part(self):
        return self.file.split("/")[1]

    def source(self):
        return (ROOT / self.file).read_text()

    def line(self):
        """The number and the text of the line in which it begins."""
        source = self.source()
        first = source.rfind("\n", 0, self.start) + 1
        return source.count("\n", 0, first) + 1, source[first:].split("\n", 1)[0].strip()

    def applied(self):
        source = self.source()
        return source[: self.start] + self.instead + source[self.end :]

    def key(self):
        """What a mutant is recognised by when lines have moved."""
        return self.file, self.name, self.line()[1]

    def __str__(self):
        number, text = self.line()
        return f"{self.file}:{number}: {self.name}\n    {text}"


def listed(part):
    """Those of cargo-mutants."""
    command = ["cargo", "mutants", "--list", "--json", "--file", f"src/{part}/**"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if answer.returncode != 0:
        hint = "hint: cargo install --locked cargo-mutants, or look at --simple ones alone"
        sys.exit(f"cargo mutants: {answer.stderr.strip()}\n{hint}")
    found = []
    for told in json.loads(answer.stdout):
        source = (ROOT / told["file"]).read_text().split("\n")
        place = lambda at: sum(len(line) + 1 for line in source[: at["line"] - 1]) + at["column"] - 1
        # The last word of a path names a function: `Window::opens` is `opens`.
        name = told["name"].split(": ", 1)[1]
        name = re.sub(r"(replace | in )(?:<[^=]*>::|[\w<>']+::)+(\w+)(?= ->|$| with)", r"\1\2", name)
        start, end = place(told["span"]["start"]), place(told["span"]["end"])
        found.append(Mutant(told["file"], name, start, end, told["replacement"]))
    return found


SWAPS = {
    " == ": " != ", " != ": " == ", " < ": " <= ", " <= ": " < ", " > ": " >= ", " >= ": " > ", " && ": " || ",
    " || ": " && ", " + ": " - ", " - ": " + ", " * ": " + ", " / ": " * ", " % ": " / ", " += ": " -= ", " -= ": " += ",
    " |= ": " &= ", " &= ": " |= ",
}  # fmt: skip
RESULTS = [("bool", ["true", "false"]), ("usize", ["0", "1"]), ("Option<", ["None"]), ("Vec<", ["Vec::new()"]), ("", ["()"])]
OPAQUE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|(?<!\w)b?r(\#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^\n]*?|[^'\\\n])'|\#!?\[[^\n]*\]""", re.DOTALL
)
FUNCTION = re.compile(
    r"(\bconst )?\bfn (\w+)(?:[^;{}\[]|\[[^\]]*\])*?\)(?: -> ((?:[^;{\[]|\[[^\]]*\])+?))?(?:\s+where [^{;]*)? \{"
)


@dataclass(frozen=True)
class Function:
    """A function's body, without its braces."""

    start: int
    end: int
    name: str
    result: str
    may_branch: bool


def read(part):
    """Those that need nothing but the text."""
    return [mutant for file in sources(part) for mutant in of_file(file)]


def function_of(mutant):
    """The function that a mutant changes: of nested ones the outermost."""
    holding = (one for one in functions(mutant.file) if one.start <= mutant.start and mutant.end <= one.end)
    return next(holding, None)


@cache
def functions(file):
    """In the order in which they begin."""
    code, found = program(file), []
    for head in FUNCTION.finditer(code):
        result = (head[3] or "").strip()
        may_branch = not head[1] and not re.search(r"\bimpl ", result)
        found.append(Function(head.end(), body_end(code, head.end()), head[2], result, may_branch))
    return found


@cache
def program(file):
    """A source without its tests; words and comments are blanked, so that places stay what they are."""
    source = (ROOT / file).read_text()
    code = OPAQUE.sub(lambda text: re.sub(r"[^\n]", " ", text[0]), source)
    tests = re.search(r"^#\[cfg\(test\)\]\n(?:pub\S* )?mod tests \{", source, re.MULTILINE)
    return code[: tests.start()] if tests else code


def of_file(file):
    source, code = (ROOT / file).read_text(), program(file)
    for function in functions(file):
        yield from of_results(file, source, function)
        nested = lambda at: any(function.start < other.start <= at < other.end for other in functions(file))
        body = code[function.start : function.end]
        for found in re.finditer(r" (?:==|!=|<=?|>=?|&&|\|\||[-+*/%]|[-+|&]=) |(?<=[ (])!(?=[\w(])", body):
            at = function.start + found.start()
            if not nested(at):
                old, new = found[0], SWAPS.get(found[0], "")
                what = f"replace {old.strip()} with {new.strip()}" if new else "delete !"
                skip = 1 if new else 0
                yield Mutant(file, f"{what} in {function.name}", at + skip, at + len(old) - skip, new.strip())


def of_results(file, source, function):
    """The body of a function, replaced by a result."""
    result = function.result
    body = source[function.start : function.end]
    start = function.end - len(body.lstrip())
    end = start + len(body.strip())
    for begins, values in RESULTS:
        if result == begins or begins.endswith("<") and result.startswith(begins):
            arrow = f" -> {result}" if result else ""
            for value in values:
                yield Mutant(file, f"replace {function.name}{arrow} with {value}", start, end, value)
            return


def body_end(code, at):
    """Where the braces close that were opened before `at`."""
    depth = 1
    for brace in re.finditer(r"[{}]", code[at:]):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return at + brace.start()
    return len(code)
