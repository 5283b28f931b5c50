"""One Chromium, the pages opened in it, and everything that a page does beside showing itself."""

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import sync_playwright

# No service of the browser's own may speak while it is watched; names lead nowhere but here.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--disable-features=OptimizationHints,MediaRouter,Translate", "--font-render-hinting=none",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
FONTS = ["truetype/dejavu", "opentype/inter", "../fonts-droid-fallback/truetype"]
WAIT_MS = 10_000

# What a page's policy refuses is an event on the document, and nowhere to be asked for later.
LISTEN = """
window.refused = [];
document.addEventListener("securitypolicyviolation", event =>
    window.refused.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


def write_fonts(folder, sans):
    """A fontconfig file with a few fonts, so that every machine shows the same page."""
    def alias(family, *fonts):
        preferred = "".join(f"<family>{font}</family>" for font in fonts)
        return f'<alias binding="same"><family>{family}</family><prefer>{preferred}</prefer></alias>'

    folders = "".join(f"<dir>/usr/share/fonts/{path}</dir>" for path in FONTS)
    aliases = "".join(
        [alias(family, sans, "Droid Sans Fallback") for family in ("sans-serif", "system-ui", "serif")]
        + [alias(family, "DejaVu Sans Mono", "Droid Sans Fallback") for family in ("monospace", "ui-monospace")])
    path = folder / "fonts.conf"
    path.write_text(f"<?xml version='1.0'?><!DOCTYPE fontconfig SYSTEM 'fonts.dtd'>"
                    f"<fontconfig>{folders}<cachedir>{folder}/fonts</cachedir>{aliases}</fontconfig>")
    return path


class Watch:
    """What a page asked for, said and did while it was open."""

    def __init__(self, page):
        self.page = page
        self.requests = []
        self.refused_requests = []
        self.said = []
        self.dialogs = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        page.on("dialog", self._on_dialog)
        page.on("popup", lambda popup: self.said.append(f"popup: {popup.url}"))
        page.add_init_script(LISTEN)
        # The protocol tells of requests too that the page's own policy refuses or that no route sees.
        session = page.context.new_cdp_session(page)
        begun = {}
        session.on("Network.requestWillBeSent", lambda event: (
            self.requests.append(event["request"]["url"]), begun.setdefault(event["requestId"], event["request"]["url"])))
        session.on("Network.loadingFailed", lambda event: (
            event.get("blockedReason") and self.refused_requests.append(begun.get(event["requestId"]))))
        session.send("Network.enable")

    def _on_console(self, message):
        if message.type in ("error", "warning"):
            self.said.append(f"{message.type}: {message.text}")

    def _on_dialog(self, dialog):
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def refused(self):
        """What the page's policy refused."""
        return self.page.evaluate("window.refused")

    def foreign(self, *own):
        """The requests for anything but the page itself, and what begins with one of `own`."""
        document = self.page.url.split("#")[0]
        known = [url for url in self.requests if url.split("#")[0] == document or url.startswith("data:")]
        return [url for url in self.requests if url not in known and not url.startswith(own)]

    def assert_calm(self, *own):
        """No error, no refusal, no dialog, no request beside the page and `own`."""
        assert self.said == [], self.said
        assert self.dialogs == [], self.dialogs
        if self.page.evaluate("'refused' in window"):
            assert self.refused() == [], self.refused()
        assert self.foreign(*own) == [], self.foreign(*own)


class Browser:
    """Chromium, as long as the facts are shown."""

    def __init__(self, folder, sans="DejaVu Sans"):
        environment = {**os.environ, "FONTCONFIG_FILE": str(write_fonts(folder, sans)), "TZ": "UTC", "LC_ALL": "C.UTF-8"}
        # The system bus is none of the browser's business, and its absence none of ours.
        environment["DBUS_SESSION_BUS_ADDRESS"] = "disabled:"
        self._playwright = sync_playwright().start()
        try:
            self._chromium = self._playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=ARGUMENTS, env=environment)
        except BaseException:
            self._playwright.stop()
            raise

    def close(self):
        """Ends it, whatever it does."""
        try:
            self._chromium.close()
        finally:
            self._playwright.stop()

    @contextmanager
    def open(self, url, *, width=1280, height=800, dark=False, script=True, language="en", secret=None, scale=1):
        """A page in a profile of its own, and its watch."""
        context = self._chromium.new_context(
            viewport={"width": width, "height": height}, device_scale_factor=scale, locale=language,
            timezone_id="UTC", color_scheme="dark" if dark else "light", java_script_enabled=script,
            reduced_motion="reduce", http_credentials=secret and {"username": "operator", "password": secret})
        try:
            context.set_default_timeout(WAIT_MS)
            page = context.new_page()
            watch = Watch(page)
            page.goto(str(url))
            yield page, watch
        finally:
            context.close()


def barriers(page):
    """What axe-core finds in a page, gravest first: `impact rule: element`."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
    order = ["critical", "serious", "moderate", "minor", None]
    found.sort(key=lambda violation: order.index(violation["impact"]))
    return [f"{violation['impact']} {violation['id']}: {node['html'][:160]} {node['any'][:1] and node['any'][0]['message']}"
            for violation in found for node in violation["nodes"]]


def overflow(page):
    """By how many pixels a page is wider than its window, and what sticks out."""
    return page.evaluate("""() => {
        const width = document.documentElement.clientWidth;
        const over = document.documentElement.scrollWidth - width;
        if (over <= 0) return [];
        return [`${over} px`, ...[...document.querySelectorAll("body *")]
            .filter(element => element.getBoundingClientRect().right > width + 0.5
                || element.scrollWidth > element.clientWidth && getComputedStyle(element).overflowX === "visible")
            .slice(0, 5).map(element => element.outerHTML.slice(0, 120))];
    }""")
