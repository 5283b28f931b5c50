"""A part of the program as a crate of its own, which is built and tested in seconds.

Owns which modules and tests a part needs. The crate is made of copies: nothing of the tree is touched.
"""

import contextlib
import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What the tests of every part may read.
READ = ["rules", "docs", "tests/data"]


@dataclass(frozen=True)
class Part:
    """What is mutated, what it stands on, and which integration tests ask it without the program."""

    name: str
    below: str
    claims: str = ""
    # Tests of seconds: they are asked last, about what all others let live.
    late: str = ""
    # Tests of a minute, of a limit that others ask for as well.
    never: str = ""


PARTS = {
    part.name: part
    for part in [
        Part(
            "extract",
            "clock diagnostic fnv length occurrence zone toml_file catalogue",
            claims="captures invariants truth",
            late="segments_of_any_size what_is_not_looked_at_closely no_code_is_made_of",
        ),
        Part(
            "engine",
            "clock diagnostic fnv length occurrence zone toml_file catalogue",
            late="every_short_sequence_around rows_that_follow restarts_and_polls "
            "exhaustive::every_short_sequence_in exhaustive::every_short_sequence_with any_polls_and_any",
            never="a_million_keys",
        ),
        Part(
            "tail",
            "clock diagnostic file_pattern fnv length occurrence zone toml_file catalogue surface input",
            late="every_line_is_read_once ten_thousand_files",
            never="a_program_with_a_name_for_each_minute",
        ),
        Part(
            "store",
            "clock diagnostic fnv length occurrence zone toml_file catalogue surface",
            late="a_file_cut_anywhere a_file_with_random a_log_with_damage batches_are_whole_after_kill",
        ),
    ]
}


def sources(part):
    """The files of a part that are mutated, by their paths from the root."""
    paths = sorted((ROOT / "src" / part).rglob("*.rs"))
    paths = [path.relative_to(ROOT) for path in paths]
    return [path.as_posix() for path in paths if path.name != "tests.rs" and "tests" not in path.parts]


class Crate:
    """A part's crate below the build's directory, and the programs of its tests."""

    def __init__(self, part, target):
        self.part = part
        self.home = target / "mutants" / part.name
        self.env = {**os.environ, "CARGO_TARGET_DIR": str(target), "CARGO_INCREMENTAL": "1"}
        self.programs = []

    def make(self):
        """Makes the crate anew from the tree."""
        shutil.rmtree(self.home, ignore_errors=True)
        modules = [*self.part.below.split(), self.part.name]
        for module in modules:
            for path in [Path(f"src/{module}.rs"), Path(f"src/{module}")]:
                if (ROOT / path).is_dir():
                    shutil.copytree(ROOT / path, self.home / path)
                elif (ROOT / path).exists():
                    (self.home / path).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / path, self.home / path)
        declared = "".join(f"pub mod {module};\n" for module in modules)
        (self.home / "src/lib.rs").write_text(f"#![allow(warnings)]\n{declared}")
        claims = self.part.claims.split()
        (self.home / "tests/it").mkdir(parents=True)
        for claim in claims:
            shutil.copy(ROOT / f"tests/it/{claim}.rs", self.home / "tests/it")
        if claims:
            declared = "".join(f"mod {claim};\n" for claim in claims)
            (self.home / "tests/it/main.rs").write_text(f"#![allow(warnings)]\n{declared}")
        for path in READ:
            shutil.copytree(ROOT / path, self.home / path)
        shutil.copy(ROOT / "Cargo.lock", self.home)
        (self.home / "Cargo.toml").write_text(self.manifest())

    def manifest(self):
        """The dependencies that the copied sources name, in the versions of the program."""
        text = "".join(path.read_text() for path in self.home.rglob("*.rs"))
        named = lambda crate: re.search(rf"\b{crate.replace('-', '_')}::", text)
        project = tomllib.loads((ROOT / "Cargo.toml").read_text())
        lines = ['[package]\nname = "ocrwatch"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]']
        lines.append("\n[profile.dev]")
        lines += [f"{key} = {inline(value)}" for key, value in project["profile"]["dev"].items()]
        for kind in ["dependencies", "dev-dependencies"]:
            lines.append(f"\n[{kind}]")
            for crate, wanted in project[kind].items():
                # A trait's derive is named by its attribute alone.
                if named(crate) or crate == "serde":
                    lines.append(f"{crate} = {inline(wanted)}")
        return "\n".join(lines) + "\n"

    def build(self):
        """Whether the crate builds; the programs of its tests are known then."""
        last = self.built_at()
        command = ["cargo", "test", "--offline", "--quiet", "--no-run", "--message-format=json"]
        run = subprocess.run(command, cwd=self.home, env=self.env, capture_output=True, text=True)
        built = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        self.programs = [message["executable"] for message in built if message.get("executable")]
        self.said = run.stderr + "".join(m["message"]["rendered"] for m in built if m.get("message"))
        if run.returncode == 0 and self.built_at() == last:
            # What is tried then is what was built before.
            sys.exit(f"{self.part.name}: cargo saw no change; is something else building there?")
        return run.returncode == 0

    def built_at(self):
        """When the programs were linked."""
        return [os.stat(program).st_mtime_ns for program in self.programs]

    def test(self, late, limit_s):
        """Asks the tests until one fails: `None` if none does, else what is said."""
        names = self.part.late.split()
        if late and not names:
            return None
        skipped = [*self.part.never.split(), *names * (not late)]
        which = [*names * late, *(word for name in skipped for word in ("--skip", name))]
        end = time.monotonic() + limit_s
        for program in self.programs:
            # The unit tests of what the part stands on say nothing about the part.
            own = [f"{self.part.name}::"] if "/it-" not in program and not late else []
            said = first_failure([program, "--test-threads=2", *own, *which], self.home, end)
            if said:
                return said
        return None


def first_failure(command, home, end):
    """Runs tests until one fails or the time is over, and ends them then."""
    env = {**os.environ, "CARGO_MANIFEST_DIR": str(home), "RUST_BACKTRACE": "0"}
    run = subprocess.Popen(
        command, cwd=home, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    text = b""
    try:
        while time.monotonic() < end:
            if not select.select([run.stdout], [], [], max(0, end - time.monotonic()))[0]:
                continue
            piece = os.read(run.stdout.fileno(), 65536)
            text += piece
            failed = re.search(rb"^test (\S+).* FAILED$", text, re.MULTILINE)
            if failed:
                return failed[1].decode()
            if not piece:
                return "the tests end without an answer" if run.wait() else None
        return "the tests do not end"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.stdout.close()
        run.wait()


def inline(value):
    """A value of a manifest on one line; a path leads from the tree."""
    if isinstance(value, dict):
        if "path" in value:
            value = {**value, "path": str(ROOT / value["path"])}
        return "{ " + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)
