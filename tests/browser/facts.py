#!/usr/bin/env python3
"""The pages in a real browser, fact by fact.

    facts.py PROGRAM [WORD]…    with words only the facts whose names have one of them

Each fact is a function in a file beside this one, and is shown by what a browser really does. Exit code 0: all
hold; 1: not all.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from browser import Browser
from figures import FIGURES
from handling import HANDLING
from live import LIVE
from looks import LOOKS
from plumbing import PLUMBING
from reach import REACH
from reports import Reports
from safe import SAFE

# What comes behind so many is no news.
FAILURES_MAX = 12
PROGRAM_S_MAX = 120


class World:
    """What the facts are about: the program, the browser, and a folder to work in."""

    def __init__(self, program, folder, browser):
        self.program = program
        self.folder = folder
        self.browser = browser
        self.report = Reports(folder, self.run).get

    def run(self, *arguments, **options):
        """What the program prints."""
        done = subprocess.run([self.program, *arguments], capture_output=True, timeout=PROGRAM_S_MAX, **options)
        assert done.returncode == 0, f"{arguments}: {done.returncode}: {done.stderr.decode()}"
        return done.stdout


def show(fact, world):
    """Whether a fact holds; what is otherwise is printed."""
    name = fact.__name__.replace("_", " ")
    start = time.monotonic()
    try:
        fact(world)
    except Exception:  # Whatever it is, the other facts are still worth knowing.
        print(f"  FAILED {name}", flush=True)
        traceback.print_exc(limit=-3, file=sys.stdout)
        return False
    print(f"  ok {time.monotonic() - start:5.1f} s  {name}", flush=True)
    return True


def main():
    """Starts the browser, shows the facts, and leaves nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    facts = [*PLUMBING, *FIGURES, *HANDLING, *SAFE, *LOOKS, *LIVE, *REACH]
    if options.words:
        facts = [fact for fact in facts if any(word in fact.__name__ for word in options.words)]
    folder = Path(tempfile.mkdtemp(prefix="ocrwatch-browser-"))
    browser = None
    held = []
    try:
        browser = Browser(folder)
        world = World(options.program.resolve(strict=True), folder, browser)
        for fact in facts:
            held.append(show(fact, world))
            if held.count(False) == FAILURES_MAX:
                print("  too much is broken; the others are not tried")
                break
    finally:
        if browser:
            browser.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"test result: {held.count(True)} passed, {held.count(False)} failed")
    return 0 if held and all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
