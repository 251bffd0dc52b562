"""A narrow client of Firefox over WebDriver BiDi (W3C): open a page, run a script, hear its console."""

import itertools
import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

_ADDRESS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


class Firefox:
    """One window of a running Firefox; `said` collects what its console says."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.said: list[str] = []
        self._loads = 0
        self._ask(
            "session.new",
            capabilities={"alwaysMatch": {"unhandledPromptBehavior": {"default": "ignore"}}},
        )
        self._ask(
            "session.subscribe",
            events=["log.entryAdded", "browsingContext.userPromptOpened", "browsingContext.load"],
        )
        self._window = self._ask("browsingContext.create", type="tab")["context"]

    def open(self, url: str, *, wait: str = "complete") -> None:
        """Navigate; a download is no page, and no fault."""
        try:
            self._ask("browsingContext.navigate", context=self._window, url=url, wait=wait)
        except RuntimeError as error:
            if "unknown error" not in str(error):
                raise

    def run(self, expression: str) -> Any:
        """Run a script in the page, and return its value."""
        answer = self._ask(
            "script.evaluate",
            expression=expression,
            target={"context": self._window},
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise RuntimeError(answer)
        return answer["result"].get("value")

    def send(self, form: str) -> None:
        """Send a form as a click on its button does, and wait for the page that follows."""
        loads = self._loads
        self.run(f"document.querySelector({json.dumps(form + ' [type=submit]')}).click()")
        while self._loads == loads:
            self._hear()

    def _ask(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while (message := self._hear()).get("id") != number:
            pass
        if message["type"] == "error":
            raise RuntimeError(f"{message['error']}: {message['message']}")
        return message["result"]

    def _hear(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=60))
        if message.get("method") == "browsingContext.load":
            self._loads += 1
        elif message["type"] == "event":
            self.said.append(str(message["params"].get("text") or message["method"]))
        return message


@contextmanager
def running_firefox(path: str) -> Iterator[Firefox]:
    """Run Firefox without windows and with a profile of its own."""
    with tempfile.TemporaryDirectory(prefix="firefox-") as profile:
        process = subprocess.Popen(
            [
                path,
                "--headless",
                "--no-remote",
                "--profile",
                profile,
                "--remote-debugging-port",
                "0",
            ],
            env={**os.environ, "HOME": profile, "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert process.stderr is not None
            found = next(filter(None, map(_ADDRESS.search, process.stderr)))
            with connect(f"{found[1]}/session", max_size=None, open_timeout=30) as socket:
                yield Firefox(socket)
        finally:
            process.kill()
            process.wait()
            if process.stderr is not None:
                process.stderr.close()
