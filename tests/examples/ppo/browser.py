"""A real browser without a window, for tests of pages.

It is driven by the DevTools protocol through a pair of pipes, which needs no package
and no port.
"""

import base64
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS = (
    "--headless",
    "--remote-debugging-pipe",
    # Containers run tests as root, where the sandbox can't start.
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    # Whatever is requested comes from the page, and not from the browser itself.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--autoplay-policy=no-user-gesture-required",
    "--hide-scrollbars",
)
# The browser reads from descriptor 3 and writes to 4.
_LAUNCH = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 10) for end in sys.argv[1:3]]
for end, place in zip(ends, (3, 4)):
    os.dup2(end, place)
os.execv(sys.argv[3], sys.argv[3:])
"""
_SECONDS = 30.0


def find_browser():
    """Path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


class Browser:
    """A browser process, and pages in it; a context manager."""

    def __init__(self):
        path = find_browser()
        if path is None:
            pytest.skip(f"No browser found, looked for {', '.join(_NAMES)}")
        self._profile = tempfile.mkdtemp(prefix="browser")
        command_end, self._commands = os.pipe()
        self._answers, answer_end = os.pipe()
        ends = (command_end, answer_end)
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", _LAUNCH, *map(str, ends), path),
                *(*_OPTIONS, f"--user-data-dir={self._profile}", "about:blank"),
            ],
            pass_fds=ends,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for end in ends:
            os.close(end)
        self._received = b""
        self._number = 0
        self._sessions = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError, TimeoutError):
            self.send("Browser.close")
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass
        finally:
            # Helpers of the browser may outlive it for a moment.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            os.close(self._commands)
            os.close(self._answers)
            shutil.rmtree(self._profile, ignore_errors=True)

    def open(self, address, **options):
        """Open a file or an address; see `Page`."""
        if isinstance(address, Path):
            address = address.resolve().as_uri()
        page = Page(self, **options)
        page.go_to(address)
        return page

    def adopt(self, session, page):
        self._sessions[session] = page

    def send(self, method, session=None, **parameters):
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        return self.wait(lambda answer: answer.get("id") == message["id"], method)

    def wait(self, is_meant, what):
        """Handle messages until the one that is meant, and return its content."""
        deadline = time.monotonic() + _SECONDS
        while True:
            answer = self._receive(deadline, what)
            if is_meant(answer):
                if "error" in answer:
                    raise RuntimeError(f"{what}: {answer['error']}")
                return answer.get("result", answer)

    def _receive(self, deadline, what):
        while b"\0" not in self._received:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise TimeoutError(f"The browser did not answer: {what}")
            data = os.read(self._answers, 2**20)
            if not data:
                raise BrokenPipeError("The browser has ended.")
            self._received += data
        text, _, self._received = self._received.partition(b"\0")
        message = json.loads(text)
        if page := self._sessions.get(message.get("sessionId")):
            page.note(message)
        return message


class Page:
    """A tab.

    Attributes:
        complaints: Errors and warnings of the console, uncaught exceptions, and
            requests that failed.
        requests: Addresses that were asked for, but for data within the page.
    """

    def __init__(self, browser, *, width=1280, height=900, scale=1, dark=False):
        self.complaints = []
        self.requests = []
        self._browser = browser
        target = browser.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.send(
            "Target.attachToTarget", targetId=target, flatten=True
        )["sessionId"]
        browser.adopt(self._session, self)
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < 600,
        )
        self.prefer("dark" if dark else "light")

    def send(self, method, **parameters):
        return self._browser.send(method, self._session, **parameters)

    def prefer(self, scheme):
        """Choose the colour scheme, light or dark."""
        scheme = {"name": "prefers-color-scheme", "value": scheme}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def go_to(self, address):
        """Load an address and wait until that is done."""
        self.send("Page.navigate", url=address)
        self._browser.wait(
            lambda message: (
                message.get("sessionId") == self._session
                and message.get("method") == "Page.loadEventFired"
            ),
            f"loading {address}",
        )

    def evaluate(self, expression):
        """Value of an expression of JavaScript; a promise is waited for."""
        answer = self.send(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def press(self, key):
        """Press and release a key, such as `"ArrowRight"`."""
        for kind in ("rawKeyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def click(self, x, y):
        """Press and release the mouse at a place, in pixels of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            self.send(
                "Input.dispatchMouseEvent",
                **{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1},
            )

    def screenshot(self, path, *, whole=True):
        """Write a picture of the page, of all of it or of what the window shows."""
        options = {}
        if whole:
            size = self.send("Page.getLayoutMetrics")["cssContentSize"]
            options["clip"] = {**size, "scale": 1}
            options["captureBeyondViewport"] = True
        data = self.send("Page.captureScreenshot", format="png", **options)["data"]
        Path(path).write_bytes(base64.b64decode(data))

    def note(self, message):
        method, values = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled":
            if values["type"] in ("error", "warning", "assert"):
                texts = [str(each.get("value", each)) for each in values["args"]]
                self.complaints.append(" ".join(texts))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(str(values["exceptionDetails"]))
        elif method == "Log.entryAdded":
            if values["entry"]["level"] in ("error", "warning"):
                self.complaints.append(values["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            # Those of the browser's own buttons are not the page's.
            if not values["request"]["url"].startswith("data:"):
                self.requests.append(values["request"]["url"])
        elif method == "Network.loadingFailed" and not values.get("canceled"):
            self.complaints.append(f"request failed: {values['errorText']}")
