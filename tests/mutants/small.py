"""A part of the program as a crate of its own, which is built and tested in seconds.

Owns which modules and tests a part needs. The crate is made of copies: nothing of the tree is touched.
"""

import contextlib
import json
import math
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
READ = ["rules", "docs", "tests/data", "fuzz/corpus"]
MEMORY_KB = 8 << 20


@dataclass(frozen=True)
class Part:
    """What is mutated, what it stands on, and which integration tests ask it without the program."""

    name: str
    below: str
    claims: str = ""
    # Tests of a minute, of a limit that others ask for as well.
    never: str = ""
    # Tests of seconds, which are asked about the files that they stand beside alone.
    beside: str = ""


PARTS = {
    part.name: part
    for part in [
        Part(
            "extract",
            "clock diagnostic fnv length occurrence zone toml_file catalogue",
            claims="captures carried invariants kept truth",
            beside="segments_of_any_size_give what_is_not_looked_at_closely no_code_is_made_of_an_unfinished",
        ),
        Part(
            "engine",
            "clock diagnostic fnv length occurrence zone toml_file catalogue",
            never="a_million_keys",
        ),
        Part(
            "tail",
            "clock diagnostic file_pattern fnv length occurrence zone toml_file catalogue surface input",
            never="a_program_with_a_name_for_each_minute",
        ),
        Part("store", "clock diagnostic fnv length occurrence zone toml_file catalogue surface"),
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
        self.env = {**os.environ, "CARGO_TARGET_DIR": str(target), "CARGO_INCREMENTAL": "0"}
        self.programs, self.wrong, self.said = [], [], ""

    def make(self):
        """Makes the crate anew from the tree."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.restore()
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

    def restore(self):
        """Gives the sources back as they stand in the tree."""
        modules = [*self.part.below.split(), self.part.name]
        for module in modules:
            for path in [Path(f"src/{module}.rs"), Path(f"src/{module}")]:
                if (ROOT / path).is_dir():
                    shutil.copytree(ROOT / path, self.home / path, dirs_exist_ok=True)
                elif (ROOT / path).exists():
                    (self.home / path).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(ROOT / path, self.home / path)
        declared = "".join(f"pub mod {module};\n" for module in modules)
        (self.home / "src/lib.rs").write_text(f"#![allow(warnings)]\n{declared}")

    def manifest(self):
        """The dependencies that the copied sources name, in the versions of the program."""
        text = "".join(path.read_text() for path in self.home.rglob("*.rs"))
        named = lambda crate: re.search(rf"\b{crate.replace('-', '_')}::", text)
        project = tomllib.loads((ROOT / "Cargo.toml").read_text())
        lines = ['[package]\nname = "ocrwatch"\nversion = "0.0.0"\nedition = "2024"\n\n[workspace]']
        lines.append("\n[profile.dev]")
        lines += [f"{key} = {inline(value)}" for key, value in project["profile"]["dev"].items()]
        # The tests run more often than the crate is built. What it stands on is that of the program.
        lines.append('opt-level = 1\n[profile.dev.package."*"]\nopt-level = 0')
        for kind in ["dependencies", "dev-dependencies"]:
            lines.append(f"\n[{kind}]")
            for crate, wanted in project[kind].items():
                # A trait's derive is named by its attribute alone.
                if named(crate) or crate == "serde":
                    lines.append(f"{crate} = {inline(wanted)}")
        return "\n".join(lines) + "\n"

    def build(self):
        """Whether the crate builds; the programs of its tests are known then, else what is wrong where."""
        last = self.built_at()
        command = ["cargo", "test", "--offline", "--quiet", "--no-run", "--message-format=json"]
        run = subprocess.run(command, cwd=self.home, env=self.env, capture_output=True, text=True)
        told = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
        self.programs = [message["executable"] for message in told if message.get("executable")]
        wrong = [one["message"] for one in told if one.get("message", {}).get("level") == "error"]
        self.wrong = [place for message in wrong for place in places(message)]
        self.said = run.stderr + "".join(message["rendered"] for message in wrong)
        if run.returncode == 0 and self.built_at() == last:
            # What is tried then is what was built before.
            sys.exit(f"{self.part.name}: cargo saw no change; is something else building there?")
        return run.returncode == 0

    def built_at(self):
        """When the programs were linked."""
        return [os.stat(program).st_mtime_ns for program in self.programs]

    def tests(self):
        """The tests that say something about the part."""
        for program in self.programs:
            command = [program, "--list", "--format=terse"]
            listed = subprocess.run(command, cwd=self.home, env=self.env, capture_output=True, text=True)
            for name in re.findall(r"^(\S+): test$", listed.stdout, re.MULTILINE):
                # The unit tests of what the part stands on say nothing about the part.
                is_own = "/it-" in program or name.startswith(f"{self.part.name}::")
                if is_own and not any(word in name for word in self.part.never.split()):
                    yield program, name

    def first_failure(self, program, names, limit_s, **env):
        """Runs tests until one fails or they took too much of a processor, and ends them then: what failed."""
        # A mutant may eat time and memory. Bodies that stand side by side make large frames.
        limits = f'ulimit -t {math.ceil(limit_s)} && ulimit -v {MEMORY_KB} && exec "$@"'
        command = ["sh", "-c", limits, "sh", program, "--test-threads=1", "--exact", *names]
        env = {
            **self.env, "CARGO_MANIFEST_DIR": str(self.home), "RUST_BACKTRACE": "0",
            "RUST_MIN_STACK": str(64 << 20), **env,
        }  # fmt: skip
        run = subprocess.Popen(
            command, cwd=self.home, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        text, end = b"", time.monotonic() + 10 + 4 * limit_s
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
                    return "tests that end without an answer" if run.wait() else None
            return "tests that do not end"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.pid, signal.SIGKILL)
            run.stdout.close()
            run.wait()


def places(message):
    """The file and the byte of what the compiler points at, through all macros."""
    for span in message["spans"]:
        while span and span["is_primary"]:
            yield span["file_name"], span["byte_start"]
            outer = (span["expansion"] or {}).get("span")
            span = outer and {**outer, "is_primary": True}


def inline(value):
    """A value of a manifest on one line; a path leads from the tree."""
    if isinstance(value, dict):
        if "path" in value:
            value = {**value, "path": str(ROOT / value["path"])}
        return "{ " + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value)
