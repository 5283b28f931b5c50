"""Facts about who can use a report's page: with any eyes, on any screen, without a script, on paper."""

from browser import barriers, overflow

DESKTOP, PHONE = 1280, 390
PAGE_BYTES_MAX = 300_000

# What is written on the page and not seen by who looks at it: the text of each hidden element.
HIDDEN = """() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const hidden = [];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        const text = walker.currentNode.textContent.trim();
        if (text && !["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "title"].includes(element.tagName)
            && !element.closest(".skip, .tools") && !element.checkVisibility({visibilityProperty: true}))
            hidden.push(`${element.localName}.${element.className}: ${text.slice(0, 60)}`);
    }
    return hidden;
}"""


def nobody_is_kept_out_of_a_report(world):
    for name, lang in [("day", "en"), ("sample", "zh"), ("hostile", "en"), ("changed", "en"), ("empty", "en")]:
        with world.browser.open(world.report(name, lang).path.as_uri(), language=lang) as (page, _):
            for width, scheme in [(DESKTOP, "light"), (PHONE, "dark"), (DESKTOP, "dark"), (PHONE, "light")]:
                # What is long takes long, and has nothing that the others have not.
                if name == "day" and (width, scheme) not in [(DESKTOP, "light"), (PHONE, "dark")]:
                    continue
                page.set_viewport_size({"width": width, "height": 800})
                page.emulate_media(color_scheme=scheme)
                found = barriers(page)
                assert found == [], "\n".join([f"{name}, {lang}, {width} pixels, {scheme}", *found])


def a_report_is_never_wider_than_its_screen(world):
    for name in ["day", "sample", "hostile", "empty"]:
        for lang in ["en", "zh"]:
            with world.browser.open(world.report(name, lang).path.as_uri()) as (page, _):
                for width in [320, PHONE, 768, DESKTOP]:
                    page.set_viewport_size({"width": width, "height": 800})
                    assert overflow(page) == [], (name, lang, width, overflow(page))


def a_report_of_a_day_is_small(world):
    report = world.report("day")
    assert len(report.json["codes"]) == 50, len(report.json["codes"])
    size = report.path.stat().st_size
    print(f"      {report.json['totals']['occurrences']} occurrences of 50 codes: {size} bytes")
    assert size < PAGE_BYTES_MAX, size


def everything_is_readable_without_a_script(world):
    for name in ["day", "sample"]:
        report = world.report(name)
        with world.browser.open(report.path.as_uri(), script=False) as (page, _):
            text = page.locator("body").inner_text()
            for code in report.json["codes"]:
                assert code["code"] in text, code["code"]
            hidden = page.locator("section").evaluate_all(
                "all => all.filter(section => !section.checkVisibility()).map(section => section.id)")
            assert hidden == [], hidden


def paper_shows_everything_in_the_dark_too(world):
    with world.browser.open(world.report("sample").path.as_uri(), dark=True) as (page, _):
        page.emulate_media(media="print")
        hidden = page.evaluate(HIDDEN)
        assert hidden == [], "\n".join(hidden)
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground in ("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"), ground
        ink = page.evaluate("getComputedStyle(document.body).color")
        assert max(int(part) for part in ink.strip("rgb()").split(",")) < 96, ink
        pdf = page.pdf(format="A4")
        assert pdf.startswith(b"%PDF") and len(pdf) > 10_000, len(pdf)


LOOKS = [
    nobody_is_kept_out_of_a_report,
    a_report_is_never_wider_than_its_screen,
    a_report_of_a_day_is_small,
    everything_is_readable_without_a_script,
    paper_shows_everything_in_the_dark_too,
]
