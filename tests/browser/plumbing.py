"""Facts about the instruments: each sees what it is there to see, so that its silence means something."""

from browser import barriers, overflow
from serve import serve

POLICY = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; script-src 'unsafe-inline'\">"
PAGE = "<!doctype html><html lang=en><title>page</title><main><h1>page</h1>{}</main></html>"


def shown(world, body, head=""):
    """A page of our own, opened."""
    path = world.folder / "page.html"
    path.write_text(head + PAGE.format(body))
    return world.browser.open(path.as_uri())


def a_calm_page_is_calm(world):
    with shown(world, "<p>nothing</p>", POLICY) as (page, watch):
        page.wait_for_load_state()
        watch.assert_calm()
        assert barriers(page) == [], barriers(page)
        assert overflow(page) == []


def a_foreign_request_is_seen_even_if_the_policy_refuses_it(world):
    for head in ["", POLICY]:
        with shown(world, "<img src='http://127.0.0.1:9/x.png' alt=x>", head) as (page, watch):
            page.wait_for_load_state()
            assert watch.foreign() or watch.refused(), (watch.requests, head)


def a_request_of_a_script_is_seen(world):
    script = "<script>fetch('http://127.0.0.1:9/y').catch(() => {}); new Image().src = 'http://a.example/z'</script>"
    with shown(world, script) as (page, watch):
        page.wait_for_load_state()
        page.wait_for_timeout(50)
        assert len(watch.foreign()) == 2, watch.requests


def a_refusal_of_the_policy_is_seen(world):
    with shown(world, "<p style='color: red'>styled</p>", POLICY) as (_, watch):
        assert "style-src-attr" in watch.refused()[0], watch.refused()


def an_error_a_dialog_and_a_log_are_seen(world):
    script = "<script>alert('box'); console.error('said'); throw new Error('thrown')</script>"
    with shown(world, script) as (_, watch):
        assert watch.dialogs == ["box"], watch.dialogs
        assert "said" in watch.said[0] and "thrown" in watch.said[1], watch.said


def barriers_are_seen(world):
    with shown(world, "<p style='color: #999; background: #fff'>pale</p><img src='data:,'><input>") as (page, _):
        found = " ".join(barriers(page))
        for rule in ["critical image-alt", "critical label", "serious color-contrast"]:
            assert rule in found, (rule, found)


def what_sticks_out_is_seen(world):
    with shown(world, "<pre>" + "wide " * 400 + "</pre>") as (page, _):
        assert "<pre>" in overflow(page)[1], overflow(page)


def the_server_remembers_what_it_was_asked(world):
    (world.folder / "served.html").write_text(PAGE.format("<img src='x.png' alt=x>"))
    with serve(world.folder) as (address, asked):
        with world.browser.open(f"{address}/served.html") as (page, watch):
            page.wait_for_load_state()
            # The browser's own question for an icon may come too.
            assert asked[:2] == ["/served.html", "/x.png"], asked
            assert watch.foreign() == [f"{address}/x.png"], watch.requests


PLUMBING = [
    a_calm_page_is_calm,
    a_foreign_request_is_seen_even_if_the_policy_refuses_it,
    a_request_of_a_script_is_seen,
    a_refusal_of_the_policy_is_seen,
    an_error_a_dialog_and_a_log_are_seen,
    barriers_are_seen,
    what_sticks_out_is_seen,
    the_server_remembers_what_it_was_asked,
]
