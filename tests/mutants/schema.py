"""Many mutants in one build: a function's body stands there once more for each of them, and the environment says which.

Owns the text that is built and which mutants the compiler refuses. What cannot stand side by side is left to be tried
alone: what is outside of functions, in `const fn`, or where a result has no name (`impl Trait`).
"""

import bisect
from collections import defaultdict

import mutant

# Besides choosing, it notes which functions a test reaches: the others' mutants it cannot tell.
SWITCH = """
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
static REACHED: [AtomicBool; %d] = [const { AtomicBool::new(false) }; %d];
static CHOSEN: AtomicUsize = AtomicUsize::new(usize::MAX);
pub fn chosen(function: usize) -> usize {
    if !REACHED[function].load(Relaxed) && !REACHED[function].swap(true, Relaxed) {
        if let Some(path) = std::env::var_os("MUTANT_REACHED") {
            let file = std::fs::OpenOptions::new().append(true).open(path);
            let noted = file.and_then(|mut file| file.write_all(format!("{function}\\n").as_bytes()));
            // A test may leave no file free for a moment.
            REACHED[function].store(noted.is_ok(), Relaxed);
        }
    }
    match CHOSEN.load(Relaxed) {
        usize::MAX => {
            let chosen = std::env::var("MUTANT").map_or(0, |text| text.parse().unwrap());
            CHOSEN.store(chosen, Relaxed);
            chosen
        }
        chosen => chosen,
    }
}
"""


class Schema:
    """The mutants of a part, side by side in its crate."""

    def __init__(self, crate, mutants):
        self.crate = crate
        self.alone, self.refused = [], []
        # By its number, each mutant with the number of its function.
        self.numbered = {}
        self.functions = {}
        for number, one in enumerate(mutants, 1):
            function = mutant.function_of(one)
            if function is None or not function.may_branch:
                self.alone.append(one)
            else:
                place = self.functions.setdefault((one.file, function), len(self.functions))
                self.numbered[number] = (one, place)

    def build(self):
        """Builds those that can be built, and sets the others aside."""
        (self.crate.home / "src/mutant.rs").write_text(SWITCH % ((max(1, len(self.functions)),) * 2))
        library = self.crate.home / "src/lib.rs"
        if "pub mod mutant;" not in library.read_text():
            library.write_text(library.read_text() + "pub mod mutant;\n")
        while True:
            places = {file: self.write(file) for file in {file for file, _ in self.functions}}
            if self.crate.build():
                return
            wrong = {number for file, at in self.crate.wrong for number in [at_place(places.get(file), at)] if number}
            if not wrong:
                raise SystemExit(f"{self.crate.part.name}: the crate does not build\n{self.crate.said}")
            self.refused += [self.numbered.pop(number)[0] for number in sorted(wrong)]

    def write(self, file):
        """Writes a file with its mutants; where each of them stands in it, in bytes."""
        source = (mutant.ROOT / file).read_text()
        here = defaultdict(list)
        for number, (one, place) in self.numbered.items():
            if one.file == file:
                here[place].append((number, one))
        text, places, end = bytearray(), [], 0
        for (of, function), place in sorted(self.functions.items(), key=lambda item: item[0][1].start):
            if of != file or not here[place]:
                continue
            body = slice(function.start, function.end)
            text += f"{source[end:function.start]} match crate::mutant::chosen({place}) {{\n".encode()
            for number, one in here[place]:
                before = len(text)
                changed = source[body.start : one.start] + one.instead + source[one.end : body.stop]
                text += f"{number} => {{{changed}}}\n".encode()
                places.append((before, len(text), number))
            text += f"_ => {{{source[body]}}}\n}}".encode()
            end = function.end
        (self.crate.home / file).write_bytes(text + source[end:].encode())
        return places


def at_place(places, at):
    """Which mutant stands at a byte of a file."""
    index = bisect.bisect_right(places or [], (at, float("inf"), 0)) - 1
    if index >= 0 and places[index][0] <= at < places[index][1]:
        return places[index][2]
    return None
