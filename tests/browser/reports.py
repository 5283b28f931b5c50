"""Reports of made-up logs and of the sample: the page, and the same report as JSON, made once each."""

import json
import shutil

import logs


class Report:
    """A page, and what the JSON of the same log says."""

    def __init__(self, path, said):
        self.path = path
        self.json = said


class Reports:
    """The reports that the facts look at, each made when it is first asked for."""

    def __init__(self, folder, run):
        self.folder = folder / "reports"
        self.folder.mkdir()
        self.run = run
        self.made = {}

    def log(self, name):
        """The log of a name."""
        path = self.folder / (logs.HOSTILE_NAME if name == "hostile" else f"{name}.log")
        if path.exists():
            return path
        if name == "sample":
            shutil.copy(logs.SAMPLE, path)
        elif name == "changed":
            older = self.folder / "older.log"
            older.write_text(logs.SAMPLE.read_text().replace("AIS.0104", "AIS.0998").replace("APIG.0308", "APIG.0301"))
            shutil.copy(logs.SAMPLE, path)
        elif name == "day":
            path.write_text(logs.day())
        elif name == "hostile":
            path.write_bytes(logs.hostile())
        elif name == "empty":
            path.write_text("2026-11-24T00:00:00+08:00 INFO nothing is wrong\n")
        return path

    def get(self, name, lang="en"):
        """The report of a log, in a language."""
        if (name, lang) not in self.made:
            log = self.log(name)
            path = self.folder / f"{name}-{lang}.html"
            said = path.with_suffix(".json")
            against = ["--baseline", "older.log"] if name == "changed" else []
            self.run("report", "--quiet", "--lang", lang, *against, "-o", path, "-o", said, log.name, cwd=self.folder)
            self.made[name, lang] = Report(path, json.loads(said.read_text()))
        return self.made[name, lang]
