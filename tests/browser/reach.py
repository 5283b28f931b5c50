"""Facts about who can use the page of a run: by keyboard, with any eyes, on any screen; and what it keeps out."""

from browser import barriers, overflow
from live import NOT_SUBSCRIBED, card, opened, running
from safe import INJECT

# Marks everything that can be pressed, and tells how much it is.
PRESSABLE = """() => {
    const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
        .filter(it => it.checkVisibility() && !it.disabled && it.type !== "hidden");
    all.forEach((it, at) => { it.dataset.reach = at; });
    return all.map(it => it.outerHTML.slice(0, 80));
}"""


def trouble(run):
    """A lock, and an API that is not subscribed."""
    run.lock_out()
    run.fail("ModelArts.4204", NOT_SUBSCRIBED.format("ocr_id_card"), 2)


def the_keyboard_reaches_and_does_everything(world):
    with running(world) as run, opened(world, run) as (page, watch):
        trouble(run)
        shown = card(page, "ocr_id_card")
        shown.wait_for()
        page.wait_for_timeout(1500)  # The page settles: what is morphed loses our marks.
        wanted = page.evaluate(PRESSABLE)
        reached = set()
        for _ in range(len(wanted) + 5):
            page.keyboard.press("Tab")
            at = page.evaluate("document.activeElement.dataset.reach ?? null")
            if at is not None:
                reached.add(int(at))
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle !== 'none'"), wanted[int(at)]
        assert len(reached) == len(wanted), [wanted[at] for at in range(len(wanted)) if at not in reached]
        silence = shown.get_by_role("button", name="Silence")
        silence.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog")
        dialog.wait_for()
        assert dialog.evaluate("it => it.contains(document.activeElement)"), "the dialog has no focus"
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        assert silence.evaluate("it => it === document.activeElement"), "focus is lost"
        silence.press("Enter")
        dialog.get_by_label("Who asks").fill("me")
        dialog.get_by_label("Why").fill("keys alone")
        page.keyboard.press("Enter")
        dialog.wait_for(state="hidden")
        shown.get_by_text("silenced").wait_for()
        watch.assert_calm(run.address)


def what_changes_keeps_focus_and_what_was_opened(world):
    with running(world) as run, opened(world, run) as (page, _):
        trouble(run)
        shown = card(page, "ocr_id_card")
        shown.locator("summary").first.click()
        shown.locator("summary").first.focus()
        run.fail("ModelArts.4204", NOT_SUBSCRIBED.format("ocr_other"))
        card(page, "ocr_other").wait_for()
        assert shown.locator("details").first.evaluate("it => it.open"), "it was folded"
        assert shown.locator("summary").first.evaluate("it => it === document.activeElement"), "focus is lost"


def nobody_is_kept_out_of_the_page_of_a_run(world):
    with running(world) as run:
        trouble(run)
        run.fail("APIG.0201", "Backend timeout.", 30)
        for lang in ["en", "zh"]:
            with opened(world, run, f"/?lang={lang}&code=APIG.0301", language=lang) as (page, _):
                card(page, "ocr_id_card").wait_for()
                for is_open in [False, True]:
                    if is_open:
                        page.evaluate("document.querySelectorAll('details').forEach(it => { it.open = true; })")
                    for width, scheme in [(1280, "light"), (390, "dark"), (1280, "dark"), (390, "light")]:
                        page.set_viewport_size({"width": width, "height": 800})
                        page.emulate_media(color_scheme=scheme)
                        where = f"{lang}, {width} pixels, {scheme}, {'open' if is_open else 'folded'}"
                        found = barriers(page)
                        assert found == [], "\n".join([where, *found])
                        assert overflow(page) == [], (where, overflow(page))
                page.locator("button[data-silence]").first.click()
                assert barriers(page) == [], barriers(page)


def the_page_of_a_run_lets_nothing_run_that_is_not_its_own(world):
    with running(world) as run, opened(world, run) as (page, watch):
        before = len(watch.requests)
        done = page.evaluate(INJECT)
        assert done["harm"] is None and done["base"] == page.url, done
        assert not done["outline"].startswith("7px") and done["colour"] != "rgb(255, 0, 0)", done
        sent = [url for url in watch.requests[before:]
                if url not in watch.refused_requests and not url.startswith(("about:", run.address))]
        assert sent == [], sent
        refused = " ".join(watch.refused())
        for directive in ["script-src-elem", "script-src-attr", "style-src-elem", "style-src-attr", "base-uri", "connect-src"]:
            assert directive in refused, (directive, refused)


def no_other_page_frames_the_page_of_a_run(world):
    with running(world, secret=None) as run:
        frame = world.folder / "frame.html"
        frame.write_text(f"<!doctype html><iframe src='{run.address}/'></iframe>")
        with world.browser.open(frame.as_uri()) as (page, watch):
            page.wait_for_load_state("networkidle")
            inner = [frame for frame in page.frames if frame.url.startswith("http")]
            assert not any("Sources" in frame.content() for frame in inner), "it is framed"
            assert any("frame" in said.lower() for said in watch.said), watch.said


REACH = [
    the_keyboard_reaches_and_does_everything,
    what_changes_keeps_focus_and_what_was_opened,
    nobody_is_kept_out_of_the_page_of_a_run,
    the_page_of_a_run_lets_nothing_run_that_is_not_its_own,
    no_other_page_frames_the_page_of_a_run,
]
