"""Gateways without their lifespan: nothing listens to the database, and nothing is kept open."""

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.app import create_app
from services.installation import Installation


def create_deaf_app(installation: Installation) -> ASGIApp:
    """A gateway whose requests may have an event loop each, as a client that was not entered has.

    What it keeps open for the next event would belong to a loop that has ended.
    """
    app = create_app(installation)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await app(scope, receive, send)
        finally:
            await scope["app"].state.writer.close()

    return answer
