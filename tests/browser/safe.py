"""Facts about what a report's page cannot do and what cannot be done with it: it asks for nothing, runs nothing
that is not its own, and what a log says is text in it."""

from logs import HARM
from serve import serve

# Whatever is inserted by other means than the page's own script stands for what an escape would have missed.
INJECT = """async () => {
    const script = document.createElement("script");
    script.textContent = "window.harm = 'script'";
    document.body.append(script);
    const style = document.createElement("style");
    style.textContent = "body { outline: 7px solid red !important }";
    document.head.append(style);
    const holder = document.createElement("div");
    holder.innerHTML = `<img src=x onerror="window.harm='image'"><p style="color: red" onclick="window.harm='click'">x</p>
        <iframe srcdoc="<script>parent.harm='frame'</script>"></iframe><object data=x></object>
        <form action="http://127.0.0.1:9/"><button>send</button></form><a href="javascript:window.harm='link'">link</a>`;
    document.body.append(holder);
    const base = document.createElement("base");
    base.href = "http://127.0.0.1:9/";
    document.head.append(base);
    holder.querySelector("p").click();
    holder.querySelector("a").click();
    // Not eval(): the protocol that this comes by lets that through.
    setTimeout("window.harm = 'eval'", 0);
    await fetch("http://127.0.0.1:9/fetch").catch(() => {});
    await new Promise(done => setTimeout(done, 100));
    return {
        harm: window.harm ?? null,
        outline: getComputedStyle(document.body).outlineWidth + getComputedStyle(document.body).outlineStyle,
        colour: getComputedStyle(holder.querySelector("p")).color,
        base: document.baseURI,
    };
}"""

# Every kind of element with every attribute that may act, as `tag attribute`.
KINDS = """() => [...new Set([...document.querySelectorAll("*")].flatMap(element =>
    [element.localName, ...element.getAttributeNames().map(name => `${element.localName} ${name}`)]))]"""

# Marks of direction, controls, and what has no width.
STEERING = r"/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/"


def a_report_asks_for_nothing_and_complains_of_nothing(world):
    page_of_the_day = world.report("day")
    with world.browser.open(page_of_the_day.path.as_uri()) as (page, watch):
        page.wait_for_load_state("networkidle")
        watch.assert_calm()
        assert watch.requests == [page_of_the_day.path.as_uri()], watch.requests
    with serve(page_of_the_day.path.parent) as (address, asked):
        with world.browser.open(f"{address}/{page_of_the_day.path.name}") as (page, watch):
            page.wait_for_load_state("networkidle")
            watch.assert_calm()
            assert asked == [f"/{page_of_the_day.path.name}"], asked


def a_report_lets_nothing_run_that_is_not_its_own(world):
    with world.browser.open(world.report("sample").path.as_uri()) as (page, watch):
        before = len(watch.requests)
        done = page.evaluate(INJECT)
        assert done["harm"] is None, done
        assert not done["outline"].startswith("7px"), done
        assert done["colour"] != "rgb(255, 0, 0)", done
        assert done["base"] == page.url, done
        refused = " ".join(watch.refused())
        for directive in ["script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr", "img-src", "base-uri",
                          "connect-src", "object-src"]:
            assert directive in refused, (directive, refused)
        sent = [url for url in watch.requests[before:] if url not in watch.refused_requests and not url.startswith("about:")]
        assert sent == [], sent


def what_a_log_says_is_text_in_a_report(world):
    kinds_of_ours = set()
    for name in ["day", "sample"]:
        with world.browser.open(world.report(name).path.as_uri()) as (page, _):
            kinds_of_ours |= set(page.evaluate(KINDS))
    for lang in ["en", "zh"]:
        report = world.report("hostile", lang)
        with world.browser.open(report.path.as_uri()) as (page, watch):
            page.wait_for_load_state("networkidle")
            watch.assert_calm()
            text = page.evaluate("document.documentElement.textContent")
            for word in HARM:
                assert f"harm-{word}" in text or word in ("svg", "astral", "template"), word
            assert page.evaluate(f"{STEERING}.exec(document.body.textContent)") is None
            foreign = set(page.evaluate(KINDS)) - kinds_of_ours
            assert foreign == set(), foreign
            assert page.evaluate("window.harm ?? null") is None
            assert report.json["inputs"]["lines_cut"] == 1


def text_of_a_log_reaches_no_address(world):
    with world.browser.open(world.report("hostile").path.as_uri()) as (page, _):
        links = page.evaluate("[...document.querySelectorAll('a, area, use, link')].map(a => a.getAttribute('href'))")
        wrong = [link for link in links if link and not link.startswith("#")]
        assert wrong == [], wrong


def what_is_typed_or_linked_is_text(world):
    for text in ["<img src=x onerror=alert('harm')>", "\"><script>alert('harm')</script>", "code-%00", "%", "(["]:
        with world.browser.open(world.report("hostile").path.as_uri() + "#" + text) as (page, watch):
            for field in page.get_by_role("searchbox").all() + page.get_by_role("textbox").all():
                field.fill(text)
                field.press("Enter")
            page.wait_for_load_state("networkidle")
            watch.assert_calm(page.url.split("#")[0])
            assert page.locator("img").count() == 0


SAFE = [
    a_report_asks_for_nothing_and_complains_of_nothing,
    a_report_lets_nothing_run_that_is_not_its_own,
    what_a_log_says_is_text_in_a_report,
    text_of_a_log_reaches_no_address,
    what_is_typed_or_linked_is_text,
]
