"""Something that happens in the middle of an answer, and how that answer ended for its client."""

from dataclasses import dataclass, field


@dataclass
class Answer:
    """What a server was given of the last answer."""

    status: int = 0
    body: bytearray = field(default_factory=bytearray)
    #: The last message came; a server breaks the connection where it did not.
    is_ended: bool = False

    def is_broken(self) -> bool:
        """Whether the client sees a connection that broke off."""
        return not self.is_ended


class Interfered:
    """An ASGI app in front of another: calls `act` once so many bytes of an answer went out."""

    def __init__(self, app):
        self.app, self.answer = app, Answer()
        self._at, self._act = None, None

    def arrange(self, at, act):
        """Call `act` when the byte at `at` of the next answers has gone out."""
        self._at, self._act = at, act

    async def __call__(self, scope, receive, send):
        """Pass everything on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.answer = answer = Answer()

        async def pass_on(message):
            if message["type"] == "http.response.start":
                answer.status = message["status"]
            else:
                answer.body += message.get("body", b"")
                answer.is_ended = not message.get("more_body", False)
            if self._act is not None and len(answer.body) > self._at:
                act, self._act = self._act, None
                act()
            await send(message)

        await self.app(scope, receive, pass_on)
