"""Facts about what can be done with a report's page: zoom, search, sort, follow a link; by mouse and by keyboard."""

from datetime import datetime, timedelta

from figures import events, legend, number, sums_over, table


TICKS = ["%H:%M:%S", "%H:%M", "%m-%d %H:%M", "%Y-%m-%d"]


def shown_range(page):
    """The buckets that the timeline shows: the first, and the one behind the last."""
    left, _, width, _ = (float(part) for part in page.locator("svg.chart").get_attribute("viewBox").split())
    assert left == int(left) and width == int(width), (left, width)
    return int(left), int(left + width)


def assert_counts(page, said):
    """The table and the legend say what the buckets shown sum to, and the axis from when to when."""
    first, end = shown_range(page)
    codes, modules = sums_over(said, first, end)
    rows = table(page)
    assert {code: number(row["count"]) for code, row in rows.items() if number(row["count"])} == {
        code: count for code, count in codes.items() if count}, (first, end)
    assert legend(page) == modules, (first, end, legend(page))
    if first > 0 or end < said["timeline"]["buckets"]:
        total = sum(modules.values())
        for code, row in rows.items():
            assert row["cells"][4] == share(codes[code], total), (first, end, row, total)
    begin = datetime.fromisoformat(said["timeline"]["start"])
    length = timedelta(seconds=said["timeline"]["bucket_seconds"])
    ticks = page.locator("#axis text").evaluate_all("all => all.map(tick => [tick.getAttribute('x'), tick.textContent])")
    assert ticks, "an axis without a time"
    for part, tick in ticks:
        # Where it stands is rounded, and so is when.
        at = begin + (first + (end - first) * float(part.rstrip("%")) / 100) * length
        near = [at, at + length * (end - first) / 10_000, at - length * (end - first) / 10_000]
        assert tick in [about.strftime(form) for about in near for form in TICKS], (tick, at)
    return first, end


def share(count, total):
    """A share in percent, as the page writes it."""
    tenths = count * 1000 // max(1, total)
    if tenths == 0 and count:
        return "<0.1%"
    return f"{tenths // 10}.{tenths % 10}%" if tenths < 100 else f"{tenths // 10}%"


def zoom(page, kind):
    page.locator(f"button[data-zoom={kind}]").click()


def each_button_shows_the_part_it_says_with_its_counts(world):
    for name in ["sample", "day"]:
        report = world.report(name)
        buckets = report.json["timeline"]["buckets"]
        with world.browser.open(report.path.as_uri()) as (page, watch):
            assert assert_counts(page, report.json) == (0, buckets)
            zoom(page, "in")
            first, end = assert_counts(page, report.json)
            assert 0 < end - first < buckets, (first, end)
            zoom(page, "left")
            assert assert_counts(page, report.json)[0] < first
            zoom(page, "right")
            zoom(page, "right")
            assert assert_counts(page, report.json)[1] > end
            zoom(page, "out")
            assert_counts(page, report.json)
            for _ in range(12):
                if page.locator("button[data-zoom=in]").is_enabled():
                    zoom(page, "in")
                    assert_counts(page, report.json)
            first, end = shown_range(page)
            assert end - first >= 1
            zoom(page, "all")
            assert assert_counts(page, report.json) == (0, buckets)
            watch.assert_calm()


def a_part_is_drawn_with_the_mouse(world):
    report = world.report("day")
    buckets = report.json["timeline"]["buckets"]
    with world.browser.open(report.path.as_uri()) as (page, watch):
        chart = page.locator("svg.chart")
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()

        def drag(start, stop):
            page.mouse.move(box["x"] + box["width"] * start, box["y"] + 40)
            page.mouse.down()
            page.mouse.move(box["x"] + box["width"] * (start + stop) / 2, box["y"] + 50)
            page.mouse.move(box["x"] + box["width"] * stop, box["y"] + 60)
            page.mouse.up()

        drag(0.25, 0.5)
        first, end = assert_counts(page, report.json)
        assert abs(first - buckets * 0.25) <= 1 and abs(end - buckets * 0.5) <= 1, (first, end)
        # From right to left, and beyond the edge of the chart.
        drag(0.5, -0.2)
        again = assert_counts(page, report.json)
        assert again[0] == first and again[1] < end, (again, first, end)
        # A click is no range.
        drag(0.5, 0.5)
        assert assert_counts(page, report.json) == again
        watch.assert_calm()


def a_part_is_shown_by_keyboard_alone(world):
    report = world.report("day")
    with world.browser.open(report.path.as_uri()) as (page, watch):
        page.locator("button[data-zoom=in]").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Space")
        first, end = assert_counts(page, report.json)
        assert end - first < report.json["timeline"]["buckets"] / 2, (first, end)
        said = page.locator("#shown").inner_text()
        assert said, "the part shown is not said"
        watch.assert_calm()


def what_is_shown_is_told_in_the_zone_of_the_log(world):
    report = world.report("sample")
    with world.browser.open(report.path.as_uri()) as (page, _):
        zoom(page, "in")
        first, end = shown_range(page)
        begin = datetime.fromisoformat(report.json["timeline"]["start"])
        length = timedelta(seconds=report.json["timeline"]["bucket_seconds"])
        said = page.locator("#shown").inner_text()
        for at in [begin + first * length, begin + end * length]:
            assert at.strftime("%H:%M") in said, (at, said)


def a_search_leaves_the_codes_that_have_the_words(world):
    report = world.report("day")
    codes = [code["code"] for code in report.json["codes"]]
    with world.browser.open(report.path.as_uri()) as (page, watch):
        search = page.locator("#search")
        for text, found in [("0301", {"APIG.0301", "APIGW.0301"}), ("modelarts.44", {code for code in codes if code.startswith("ModelArts.44")}),
                            ("Not Subscribed", {"ModelArts.4204"}), ("no such code", set()), ("", set(codes))]:
            search.fill(text)
            page.wait_for_function("count => [...document.querySelectorAll('#table tbody tr')].filter(row => row.checkVisibility()).length === count",
                                   arg=len(found))
            assert set(table(page)) == found, (text, set(table(page)))
            if text:
                assert str(len(found)) in page.locator("#found").inner_text(), page.locator("#found").inner_text()
        watch.assert_calm()


def a_column_sorts_the_table_and_says_so(world):
    report = world.report("day")
    said = {code["code"]: code for code in report.json["codes"]}
    with world.browser.open(report.path.as_uri()) as (page, watch):
        heads = page.locator("#table thead th")

        def order(column):
            """The table's codes once a column's head was pressed, and the direction that it says."""
            heads.nth(column).locator("button").press("Enter")
            pressed = heads.evaluate_all("all => all.map(head => head.ariaSort).filter(Boolean)")
            assert len(pressed) == 1, pressed
            return list(table(page)), pressed[0]

        for column, key in [(0, lambda code: code), (3, lambda code: events(said[code])),
                            (5, lambda code: said[code]["first_at"]), (6, lambda code: said[code]["last_at"])]:
            seen = set()
            for _ in range(2):
                codes, direction = order(column)
                values = [key(code)[:19] if column >= 5 else key(code) for code in codes]
                assert values == sorted(values, reverse=direction == "descending"), (column, direction, values)
                seen.add(direction)
            assert seen == {"ascending", "descending"}, seen
        graver = ["critical", "warning", "info"]
        codes, direction = order(2)
        values = [graver.index(said[code]["severity"]) for code in codes]
        assert values == sorted(values, reverse=values[0] != 0), values
        watch.assert_calm()


def a_link_leads_to_its_code_or_alert(world):
    report = world.report("sample")
    anchors = ["code-APIG.0301", f"alert-{report.json['alerts']['alerts'][0]['fingerprint']}"]
    for anchor in anchors:
        with world.browser.open(f"{report.path.as_uri()}#{anchor}") as (page, watch):
            target = page.locator(f"[id='{anchor}']")
            assert target.evaluate("element => element.matches(':target') && element === document.activeElement"), anchor
            assert page.evaluate("scrollY") > 0 and 0 <= target.bounding_box()["y"] < 400, target.bounding_box()
            watch.assert_calm()
    with world.browser.open(report.path.as_uri()) as (page, watch):
        links = page.locator("a[href^='#']").evaluate_all("all => all.map(link => link.getAttribute('href').slice(1))")
        missing = [link for link in links if not page.evaluate("id => document.getElementById(id) !== null", link)]
        assert missing == [], missing
        page.locator("#table tbody tr th a").nth(1).click()
        assert page.evaluate("document.activeElement.id").startswith("code-")
        watch.assert_calm()


def the_keyboard_reaches_everything_that_can_be_pressed(world):
    with world.browser.open(world.report("sample").path.as_uri()) as (page, _):
        wanted = page.evaluate("""() => {
            const all = [...document.querySelectorAll("a[href], button, input, select, summary")].filter(it => it.checkVisibility() && !it.disabled);
            all.forEach((it, at) => { it.dataset.reach = at; });
            return all.length;
        }""")
        reached = set()
        for _ in range(wanted + 5):
            page.keyboard.press("Tab")
            at, outlined = page.evaluate("""() => {
                const it = document.activeElement;
                const look = getComputedStyle(it);
                const inner = it.firstElementChild ? getComputedStyle(it.firstElementChild) : look;
                return [it.dataset.reach ?? null, look.outlineStyle !== "none" || inner.stroke !== "none"];
            }""")
            if at is not None:
                assert outlined, f"no focus is seen on {page.evaluate('document.activeElement.outerHTML.slice(0, 100)')}"
                reached.add(at)
        assert len(reached) == wanted, (len(reached), wanted)


HANDLING = [
    each_button_shows_the_part_it_says_with_its_counts,
    a_part_is_drawn_with_the_mouse,
    a_part_is_shown_by_keyboard_alone,
    what_is_shown_is_told_in_the_zone_of_the_log,
    a_search_leaves_the_codes_that_have_the_words,
    a_column_sorts_the_table_and_says_so,
    a_link_leads_to_its_code_or_alert,
    the_keyboard_reaches_everything_that_can_be_pressed,
]
