"""Facts about the page that a run serves: what it shows is what the API says, it changes by itself, and what an
operator does on it is done."""

import re
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import datetime, timezone

from playwright.sync_api import Error

from figures import number, words
from running import SOURCE, Run, until
from safe import KINDS

NOT_SUBSCRIBED = "Request api error! The API {} is not subscribed."


@contextmanager
def running(world, **options):
    """A run of its own for a fact."""
    world.runs = getattr(world, "runs", 0) + 1
    with Run(world.program, world.folder / f"run-{world.runs}", **options) as run:
        yield run


@contextmanager
def opened(world, run, path="/", **options):
    """Its page, once it listens."""
    with world.browser.open(run.address + path, secret=run.secret, **options) as (page, watch):
        if options.get("script", True):
            page.locator("#link.live").wait_for()
        yield page, watch


def card(page, headline):
    """The card of an alert."""
    return page.locator("article.card").filter(has_text=headline)


def an_alert_comes_to_the_page_by_itself(world):
    with running(world) as run, opened(world, run) as (page, watch):
        assert "Nothing fires" in words(page.locator("#alerts"))
        page.evaluate("window.stayed = true")
        run.fail("ModelArts.4204", NOT_SUBSCRIBED.format("ocr_id_card"), 3)
        shown = card(page, "ocr_id_card is not subscribed")
        shown.wait_for()
        text = words(shown)
        for part in ["critical", "ModelArts.4204", "Go to the console, select an appropriate region, and subscribe to the API you need."]:
            assert part in text, (part, text)
        assert page.evaluate("window.stayed"), "the page was loaded again"
        # Who does not look at it is told by the tab and by a screen reader.
        until("the title says it", lambda: "critical" in page.title().lower() or "1" in page.title())
        assert page.locator("#said").inner_text().strip(), "nothing was announced"
        watch.assert_calm(run.address)


def several_pages_listen_at_once(world):
    with running(world) as run, opened(world, run) as (first, _), opened(world, run, "/?lang=zh") as (second, _):
        run.fail("ModelArts.4204", NOT_SUBSCRIBED.format("ocr_passport"))
        for page in [first, second]:
            card(page, "ocr_passport").wait_for()
        assert "处理方法" in words(second.locator("#alerts"))


def the_countdown_of_a_lock_counts_down(world):
    with running(world) as run, opened(world, run) as (page, _):
        run.lock_out()
        left = page.locator(".countdown")
        left.wait_for()
        locked = next(alert for alert in run.ask("/api/v1/alerts")["alerts"] if alert["rule"] == "aksk-lockout")

        def seconds():
            said = re.search(r"(\d+):(\d\d)", left.inner_text())
            return said and int(said[1]) * 60 + int(said[2])

        first = until("it counts", seconds)
        due = (datetime.fromisoformat(locked["locked_until"]) - datetime.now(timezone.utc)).total_seconds()
        assert abs(first - due) < 3, (first, due)
        until("it counts down", lambda: seconds() <= first - 2)


def a_silence_is_added_and_ended_on_the_page(world):
    with running(world) as run, opened(world, run) as (page, watch):
        run.fail("ModelArts.4204", NOT_SUBSCRIBED.format("ocr_vat_invoice"))
        shown = card(page, "ocr_vat_invoice")
        shown.get_by_role("button", name="Silence").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Who asks").fill("night <b>shift</b>")
        dialog.get_by_label("Why").fill("subscription is under way")
        dialog.get_by_label("Why").press("Enter")
        dialog.wait_for(state="hidden")
        [silence] = until("the API lists it", lambda: run.ask("/api/v1/silences")["silences"])
        assert silence["author"] == "night <b>shift</b>" and silence["reason"] == "subscription is under way", silence
        assert any("api-not-subscribed" in matcher for matcher in silence["matchers"]), silence
        shown.get_by_text("silenced").wait_for()
        assert "night <b>shift</b>" in words(page.locator("#part-silences"))
        page.locator("#part-silences").get_by_role("button", name="End").click()
        until("it has ended", lambda: not run.ask("/api/v1/silences")["silences"])
        page.locator("#part-silences").get_by_text("None.").wait_for()
        shown.get_by_text("silenced").wait_for(state="detached")
        watch.assert_calm(run.address)


def a_silence_that_is_refused_says_why_and_keeps_what_was_typed(world):
    with running(world) as run, opened(world, run) as (page, _):
        page.get_by_role("button", name="Add a silence").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("all of this is true").fill("no-such-label = x")
        dialog.get_by_label("Who asks").fill("me")
        dialog.get_by_label("Why").fill("because")
        dialog.get_by_role("button", name="Silence").click()
        wrong = dialog.get_by_role("alert")
        until("it says why", lambda: "no-such-label" in wrong.inner_text())
        assert dialog.get_by_label("Why").input_value() == "because"
        assert run.ask("/api/v1/silences")["silences"] == []


def a_search_says_what_is_documented_and_how_often_it_was_seen(world):
    with running(world) as run:
        run.fail("APIG.0308", "The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute", 3)
        until("it is kept", lambda: sum(minute["errors"] for minute in run.ask("/api/v1/occurrences")["minutes"]) == 3)
        for script in [True, False]:
            with opened(world, run, script=script) as (page, watch):
                if script:
                    page.keyboard.press("/")
                    page.keyboard.type("apig.0308")
                    page.keyboard.press("Enter")
                else:
                    page.get_by_role("searchbox").fill("APIG.0308")
                    page.get_by_role("searchbox").press("Enter")
                page.wait_for_url("**code=*")
                found = page.locator("#search")
                until("it is found", lambda: "3 times" in words(found))
                for part in ["APIG", "The request exceeds the default rate limit of the service.", "Contact technical support."]:
                    assert part in words(found), (part, words(found))
                page.get_by_role("searchbox").fill("<img src=x onerror=alert('harm')>\"'")
                page.get_by_role("searchbox").press("Enter")
                until("nothing is found", lambda: "<img src=x onerror=alert('harm')>\"'" in words(page.locator("#search")))
                assert page.locator("img").count() == 0
                assert watch.dialogs == []


def the_figures_are_those_of_the_api(world):
    with running(world) as run, opened(world, run) as (page, _):
        run.lock_out()
        run.fail("AIS.0104", "The image is not supported or the image quality is poor.", 5)
        waits = lambda: [one for one in run.ask("/api/v1/outbox")["notifications"] if one["receiver"] == "dead"]
        until("a delivery was tried", lambda: any(one["attempts"] for one in waits()))
        page.locator("#part-alerts article.card").nth(1).wait_for()

        def agree():
            """Whether page and API say the same; both move on while they are asked."""
            status = run.ask("/api/v1/status")
            sources = [words(row) for row in page.locator("#part-sources li").all()]
            receivers = [words(row) for row in page.locator("#part-receivers > ul > li").all()]
            minutes = run.ask("/api/v1/occurrences")["minutes"]
            return (
                all(any(source["name"] in text and f"Errors {source['errors']:,} · lines {source['lines']:,} ·" in text for text in sources)
                    for source in status["sources"])
                and all(any(text.startswith(receiver["name"]) and receiver.get("last_error", "") in text
                            and f"Waiting {receiver['waiting']:,} · sent {receiver['sent']:,} · given up {receiver['dead']:,}" in text
                            for text in receivers)
                        for receiver in status["receivers"])
                and number(page.locator("#h-timeline .quiet").inner_text()) == sum(minute["errors"] for minute in minutes) == 13
                and {alert["headline"] for alert in status["alerts"] if alert["state"] == "firing"}
                == set(page.locator("article.card h3").all_inner_texts())
            )

        until("the page says what the API says", agree)
        page.locator("#outbox summary").click()
        text = words(page.locator("#outbox"))
        for one in waits():
            assert one["id"] in text and one["rules"][0] in text, (one, text)


HOSTILE_API = "<img src=x onerror=alert('harm-api')><script>alert('harm-script')</script>\u202e\x1b[31m\"' data-expire=\"x"


def what_a_log_or_a_configuration_says_is_text(world):
    kinds = []
    for source, api, message in [("app", "ocr_id_card", "new"), (SOURCE, HOSTILE_API, "</script><svg onload=alert('harm-message')>")]:
        with running(world, source=source) as run, opened(world, run) as (page, watch):
            run.lock_out()
            run.fail("ModelArts.4204", NOT_SUBSCRIBED.format(api), 2)
            run.fail("AIS.0999", message, 2)
            card(page, "is not subscribed").wait_for()
            card(page, "AIS.0999").wait_for()
            for summary in page.locator("summary").all():
                summary.click()
            kinds.append(set(page.evaluate(KINDS)))
    with_harm = kinds[1] - kinds[0]
    assert with_harm == set(), with_harm


def what_means_harm_is_shown_and_silenced_as_what_it_is(world):
    with running(world) as run, opened(world, run) as (page, watch):
        run.fail("ModelArts.4204", NOT_SUBSCRIBED.format(HOSTILE_API), 2)
        shown = card(page, "<img src=x onerror=alert('harm-api')>")
        shown.wait_for()
        assert SOURCE in page.locator("body").inner_text()
        assert not re.search("[\u202e\x1b]", page.evaluate("document.body.textContent"))
        shown.get_by_role("button", name="Silence").click()
        dialog = page.get_by_role("dialog")
        typed = dialog.get_by_label("all of this is true").input_value()
        assert "api = <img src=x onerror=alert('harm-api')>" in typed and typed.endswith("\"' data-expire=\"x"), typed
        dialog.get_by_label("Who asks").fill("me")
        dialog.get_by_label("Why").fill("it is known")
        dialog.get_by_role("button", name="Silence").click()
        shown.get_by_text("silenced").wait_for()
        watch.assert_calm(run.address)


def a_run_that_ends_is_said_and_one_that_begins_again_is_heard(world):
    with running(world) as run, opened(world, run) as (page, _):
        page.evaluate("window.stayed = true")
        run.stop()
        page.locator("#link.off").wait_for()
        assert "Not connected" in page.locator("#link").inner_text()
        run.start()
        page.locator("#link.live").wait_for(timeout=20_000)
        run.fail("ModelArts.4204", NOT_SUBSCRIBED.format("ocr_again"))
        card(page, "ocr_again").wait_for()
        assert page.evaluate("window.stayed")


def without_a_token_the_page_changes_nothing_and_says_how(world):
    with running(world, secret=None) as run, opened(world, run) as (page, watch):
        run.fail("ModelArts.4204", NOT_SUBSCRIBED.format("ocr_open"))
        card(page, "ocr_open").wait_for()
        assert page.locator("dialog, button[data-silence], button[data-expire]").count() == 0
        assert "ocrwatch silence add" in words(page.locator("section[aria-labelledby=h-silences]"))
        watch.assert_calm(run.address)


def without_its_token_nothing_is_shown(world):
    with running(world) as run:
        try:
            urllib.request.urlopen(run.address + "/").close()
            raise AssertionError("it was answered")
        except urllib.error.HTTPError as refused:
            assert refused.code == 401, refused
            assert any("Basic" in challenge for challenge in refused.headers.get_all("WWW-Authenticate")), refused.headers
        for secret in [None, "wrong"]:
            with world.browser.open("about:blank", secret=secret) as (page, _):
                try:
                    page.goto(run.address + "/")
                except Error as refused:
                    assert "INVALID_AUTH" in str(refused), refused
                assert "h-sources" not in page.content()


def without_a_script_everything_is_readable(world):
    with running(world) as run:
        run.lock_out()
        with opened(world, run, script=False) as (page, _):
            text = page.locator("body").inner_text()
            for part in [SOURCE, "is locked until", "Check whether the AK/SK pair is correct.", "ocrwatch silence add", "Load again", "Receivers"]:
                assert part in text, (part, text)
            hidden = page.locator("button.script").evaluate_all("all => all.filter(it => it.checkVisibility()).length")
            assert hidden == 0, "buttons that do nothing"


LIVE = [
    an_alert_comes_to_the_page_by_itself,
    several_pages_listen_at_once,
    the_countdown_of_a_lock_counts_down,
    a_silence_is_added_and_ended_on_the_page,
    a_silence_that_is_refused_says_why_and_keeps_what_was_typed,
    a_search_says_what_is_documented_and_how_often_it_was_seen,
    the_figures_are_those_of_the_api,
    what_a_log_or_a_configuration_says_is_text,
    what_means_harm_is_shown_and_silenced_as_what_it_is,
    a_run_that_ends_is_said_and_one_that_begins_again_is_heard,
    without_a_token_the_page_changes_nothing_and_says_how,
    without_its_token_nothing_is_shown,
    without_a_script_everything_is_readable,
]
