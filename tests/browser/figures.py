"""Facts about what a report's page says: every figure on it is the one that the JSON of the same log has."""

import re
from datetime import datetime


def number(text):
    """A number as the page groups it."""
    return int(re.sub(r"[^0-9]", "", text))


def instant(text):
    """A time of the JSON as the page writes it."""
    at = datetime.fromisoformat(text)
    offset = at.strftime("%z")
    return at.strftime("%Y-%m-%d %H:%M:%S ") + f"{offset[:3]}:{offset[3:5]}"


def span(first, last):
    """From when to when, as the page writes it: what is the same is said once."""
    first, last = instant(first), instant(last)
    if first == last:
        return first
    same_day = first[:10] == last[:10] and first[-6:] == last[-6:]
    return f"{first[:-7]} to {last[11:]}" if same_day else f"{first} to {last}"


def times(count):
    """How often, in the page's words."""
    return "once" if count == 1 else f"{count:,} times"


def span_s(said):
    """How long it took from the first to the last."""
    first, last = (datetime.fromisoformat(said[key]) for key in ("first_at", "last_at"))
    return (last - first).total_seconds()


def words(locator):
    """The text of an element, with single blanks."""
    return " ".join(locator.inner_text().split())


def events(said):
    """What the page counts: what was printed, and what was inferred."""
    return said["occurrences"] + said["inferred"]


def table(page):
    """The table of codes by its visible rows: code, and what the cells say."""
    rows = page.locator("#table tbody tr").evaluate_all("""rows => rows.filter(row => row.checkVisibility()).map(row => ({
        code: row.querySelector("th a").textContent,
        cells: [...row.cells].map(cell => cell.innerText.trim()),
        count: row.querySelector("[data-count]").textContent,
        times: [...row.cells].slice(5, 7).map(cell => ({value: Number(cell.dataset.value), text: cell.innerText})),
    }))""")
    return {row["code"]: row for row in rows}


def sums_over(said, first, end):
    """The events of each code in a range of buckets, and of each module."""
    def within(line):
        occurrences = line["timeline"]["occurrences"][first:end]
        return sum(occurrences) + sum(line["timeline"].get("inferred", [])[first:end])

    return ({line["code"]: within(line) for line in said["codes"]},
            {line["module"]: within(line) for line in said["modules"]})


def legend(page):
    """The counts of the modules as the timeline's legend says them."""
    texts = page.locator(".legend li").all_inner_texts()
    return {text.split()[0]: number(text.split()[1]) for text in texts}


def each_report(world):
    for name in ["day", "sample", "hostile"]:
        report = world.report(name)
        with world.browser.open(report.path.as_uri()) as (page, _):
            yield name, report.json, page


def the_totals_are_those_of_the_json(world):
    for name, said, page in each_report(world):
        totals = said["totals"]
        head = words(page.locator("header.top"))
        severities = [f"{count:,} {name}" for name, count in totals["by_severity"].items() if count]
        for part in [f"{events(totals):,} errors in all", ", ".join(severities),
                     f"of {totals['codes']:,} code", f"{said['inputs']['lines']:,} lines",
                     f"{totals['repeats']:,} repeats" if totals["repeats"] else "",
                     f"{said['inputs']['mentions']:,} mentions" if said["inputs"]["mentions"] else "",
                     span(said["inputs"]["first_at"], said["inputs"]["last_at"])]:
            assert part in head, (name, part, head)


def the_modules_are_those_of_the_json(world):
    for name, said, page in each_report(world):
        assert legend(page) == {line["module"]: events(line) for line in said["modules"]}, (name, legend(page))


def the_table_is_that_of_the_json(world):
    for name, said, page in each_report(world):
        rows = table(page)
        assert list(rows) == [code["code"] for code in said["codes"]], name
        for code in said["codes"]:
            row = rows[code["code"]]
            assert number(row["count"]) == events(code), (name, code["code"], row)
            assert row["cells"][1] == code["module"], row
            assert code["severity"] in row["cells"][2], row
            for at, cell in zip([code["first_at"], code["last_at"]], row["times"], strict=True):
                assert cell["value"] == int(datetime.fromisoformat(at).timestamp()), row
                assert cell["text"] in instant(at) and len(cell["text"]) >= 5, row
            assert (row["cells"][0].split()[1] == "unknown") == code["new"], row


def the_hours_are_those_of_the_json(world):
    for name, said, page in each_report(world):
        # Of two hours nobody needs the day's rhythm.
        if span_s(said["totals"]) < 7200:
            assert page.locator("table.heat").count() == 0, name
            continue
        rows = page.locator("table.heat tbody tr").evaluate_all(
            "rows => rows.map(row => [row.cells[0].textContent, [...row.cells].slice(1).map(cell => Number(cell.textContent))])")
        assert dict(rows) == {line["module"]: line["hours"] for line in said["modules"]}, name
        assert [sum(hour) for hour in zip(*(counts for _, counts in rows), strict=True)] == said["hours"], name


def each_code_says_what_the_json_says(world):
    for name, said, page in each_report(world):
        for code in said["codes"]:
            section = page.locator(f"[id='code-{code['code']}']")
            text = words(section)
            told = [times(code["occurrences"]), f"Seen {span(code['first_at'], code['last_at'])}"]
            told += [f"{code['repeats']:,}"] if code["repeats"] else []
            told += [value["value"] for value in code.get("access_keys", {}).get("values", [])]
            ids = code.get("request_ids", {})
            told += [] if name == "hostile" else [known for known in [ids.get("first"), *ids.get("recent", [])[:1]] if known]
            documentation = code.get("documentation", {})
            causes = {cause["id"]: cause for cause in documentation.get("causes", [])}
            seen = [causes[cause["id"]] for cause in code.get("causes", []) if cause["id"] in causes]
            covered = sum(events(cause) for cause in code.get("causes", [])) >= events(code)
            solutions = [line for cause in seen for line in cause["solution"]]
            if not (seen and covered):
                solutions += documentation.get("solution", [])
            told += [line.removeprefix("- ") for line in solutions]
            for part in told:
                assert part in text, (name, code["code"], part, text)


def the_alerts_are_those_of_the_json(world):
    for name, said, page in each_report(world):
        alerts = said["alerts"]
        text = words(page.locator("section[aria-labelledby=alerts]"))
        episodes = alerts["alerts"]
        still = sum(episode["resolved_at"] is None for episode in episodes)
        for part in [f"{len(episodes) + alerts['alerts_left_out']} in all", f"{still} still firing", f"{alerts['rules']} rules",
                     f"{len(alerts['notifications'])} notifications", f"{len(alerts['withheld'])} withheld"]:
            assert part in text, (name, part, text[:300])
        cards = page.locator("article.entry").evaluate_all("all => all.map(card => card.id)")
        assert set(cards) == {f"alert-{episode['fingerprint']}" for episode in episodes}, (name, cards)
        for card in cards:
            of_card = [episode for episode in episodes if f"alert-{episode['fingerprint']}" == card]
            text = words(page.locator(f"#{card}"))
            listed = [episode for episode in of_card if f"Fired {instant(episode['fired_at'])}" in text]
            # The last ones are listed, and how many are not.
            assert listed and listed == of_card[-len(listed):], (name, of_card, text)
            left_out = len(of_card) - len(listed)
            assert ("and earlier:" in text) == (left_out > 0), (name, left_out, text)
            assert not left_out or f"and earlier: {times(left_out)}" in text, (name, left_out, text)
            for episode in listed:
                if episode["resolved_at"]:
                    assert f"Resolved {instant(episode['resolved_at'])}" in text, (name, episode, text)


def what_changed_is_what_the_json_says(world):
    report = world.report("changed")
    changed = {(code["status"], code["code"], code["before"], code["after"])
               for code in report.json["baseline"]["codes"] if code["status"] != "steady"}
    assert {status for status, *_ in changed} == {"new", "gone", "fallen"}, changed
    with world.browser.open(report.path.as_uri()) as (page, watch):
        rows = page.locator("#changes tbody tr").evaluate_all("rows => rows.map(row => [...row.cells].map(cell => cell.innerText))")
        assert {(row[0], row[1].split()[0], number(row[2]), number(row[4])) for row in rows} == changed, rows
        assert f"{report.json['baseline']['events']} errors then, {events(report.json['totals'])} now" in words(
            page.locator("section[aria-labelledby=baseline]"))
        watch.assert_calm()


def what_was_read_is_what_the_json_says(world):
    for name, said, page in each_report(world):
        text = words(page.locator("section[aria-labelledby=counted]"))
        for listed in said["inputs"]["listed"]:
            for part in [listed["name"], f"{listed['lines']:,}", instant(listed["first_at"]), instant(listed["last_at"])]:
                assert part in text, (name, part, text)
        if said["inputs"]["lines_cut"]:
            assert "1 line" in text, text


FIGURES = [
    the_totals_are_those_of_the_json,
    the_modules_are_those_of_the_json,
    the_table_is_that_of_the_json,
    the_hours_are_those_of_the_json,
    each_code_says_what_the_json_says,
    the_alerts_are_those_of_the_json,
    what_changed_is_what_the_json_says,
    what_was_read_is_what_the_json_says,
]
