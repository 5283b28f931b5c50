"""Which tests are asked about a mutant, in which order, and for how long.

A test that does not reach the mutant's function cannot notice it. Of the others the quick ones come first; of these
those that noticed other mutants of the file, then those beside the code.
"""

import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# A mutant whose tests take so much longer than those of the program has been noticed.
SLOWER = 5
LIMIT_S_MIN = 3
SLOW_S = 0.2
BATCH_S = 1


class Trial:
    """The tests of a crate: what each reaches, and how long it takes."""

    def __init__(self, crate):
        self.crate = crate
        self.tests = {}
        self.noticed_in = Counter()

    def look(self):
        """Runs each test alone, without any mutant."""
        with tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(2) as pool:
            Path(directory).chmod(0o755)

            def run(numbered):
                number, (program, name) = numbered
                path, begin = Path(directory) / str(number), time.monotonic()
                path.touch()
                # Some tests go on as another user.
                path.chmod(0o666)
                why = self.crate.first_failure(program, [name], 600, MUTANT_REACHED=str(path))
                took_s = time.monotonic() - begin
                if why:
                    raise SystemExit(f"without any change: {name} fails: {why}")
                reached = set(map(int, path.read_text().split()))
                return (program, name), (took_s, reached)

            self.tests = dict(pool.map(run, enumerate(self.crate.tests())))

    def noticed(self, one, function=None, number=0):
        """Which test notices a mutant."""
        asked = sorted(
            (took_s > SLOW_S, -self.noticed_in[one.file, name], not is_beside(name, one.file), took_s, program, name)
            for (program, name), (took_s, reached) in self.tests.items()
            if (function is None or function in reached) and self.may_say(name, one.file)
        )
        batches = []
        for *_, took_s, program, name in asked:
            # Short ones, so that what never ends is soon seen not to.
            last = batches[-1] if batches else None
            if not last or last[0] != program or last[2] + took_s > BATCH_S:
                last = [program, [], 0]
                batches.append(last)
            last[1].append(name)
            last[2] += took_s
        for program, names, took_s in batches:
            limit_s = max(LIMIT_S_MIN, SLOWER * took_s)
            if why := self.crate.first_failure(program, names, limit_s, MUTANT=str(number)):
                self.noticed_in[one.file, why] += 1
                return why
        return ""

    def may_say(self, name, file):
        """Whether a test is worth its time for a mutant of a file."""
        return is_beside(name, file) or not any(word in name for word in self.crate.part.beside.split())


def is_beside(test, file):
    """Whether a test is named after the module of a file."""
    *_, module = file.removesuffix(".rs").removesuffix("/mod").split("/")
    return module in test.split("::")
