"""Which tests are asked about a mutant, in which order, and for how long.

A test that does not reach the mutant's function cannot notice it. Of the others those beside the code come first, then
the quick ones, then the slow ones.
"""

import tempfile
import time
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
        asked = [
            (took_s > SLOW_S, not is_beside(name, one.file), program, took_s, name)
            for (program, name), (took_s, reached) in self.tests.items()
            if function is None or function in reached
        ]
        asked.sort()
        batches = []
        for is_slow, is_far, program, took_s, name in asked:
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
                return why
        return ""


def is_beside(test, file):
    """Whether a test stands in the module of a file."""
    module = file.removeprefix("src/").removesuffix(".rs").removesuffix("/mod").replace("/", "::")
    return test.startswith(f"{module}::")
