"""The desk: a small app for owners and the DAM's backend, on a port of its own, with a key.

What flow parameters may not carry goes through here: addresses and passwords on their way in, links
on their way out.
"""

import hmac
import logging
from json import JSONDecodeError

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway import desk_brand, desk_changes, desk_formats, desk_reading
from gateway.headers import SafeHeaders
from services.dam.protocol import Contact
from services.errors import SettingMissing, VitrineError
from services.installation import Installation, get_installation
from services.invitations import MOST_INVITED, make_invitation
from services.logos import LARGEST_BYTES as LARGEST_LOGO
from services.shares import find_status

_OPEN_PATHS = frozenset({"/healthz"})
_LARGEST_BODY_BYTES = 256 * 1024


class InvitedPerson(BaseModel):
    """One recipient."""

    model_config = ConfigDict(extra="forbid")

    address: str = Field(min_length=3, max_length=320)
    name: str = Field(default="", max_length=200)


class InvitationRequest(BaseModel):
    """The body of POST /invitations."""

    model_config = ConfigDict(extra="forbid")

    recipients: list[InvitedPerson] = Field(min_length=1, max_length=MOST_INVITED)


async def take_invitation(request: Request) -> Response:
    """Take addresses, and give the id under which a share request can name them."""
    body = await request.body()
    wanted = InvitationRequest.model_validate_json(body)
    people = [Contact(one.address, one.name) for one in wanted.recipients]
    invitation_id = await run_in_threadpool(_keep, request.app.state.installation, people)
    return JSONResponse({"invitation": invitation_id, "recipients": len(people)}, status_code=201)


async def show_share(request: Request) -> Response:
    """Tell the state of a share by its request key or id, and its link once it is open."""
    installation: Installation = request.app.state.installation
    key, owner = request.path_params["key"], request.query_params.get("owner", "")
    status = await run_in_threadpool(
        lambda: find_status(installation, key, owner=owner, asked_by="desk")
    )
    return JSONResponse(
        {
            "share": str(status.share_id),
            "request_key": status.request_key,
            "state": status.state,
            "title": status.title,
            "assets": status.assets,
            "expires_at": status.expires_at.isoformat() if status.expires_at else None,
            "link": status.link or None,
            "views": status.views,
            "downloads": status.downloads,
        }
    )


async def be_alive(request: Request) -> Response:  # noqa: ARG001
    """Say that the process runs."""
    return PlainTextResponse("alive")


class KeyNeeded:
    """Lets nobody in who does not show the desk's key, and no body that is too large."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = f"Bearer {key}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the key, then the length, then pass the request on."""
        if scope["type"] == "http" and scope["path"] not in _OPEN_PATHS:
            headers = dict(scope["headers"])
            if not hmac.compare_digest(headers.get(b"authorization", b""), self._key):
                return await _refuse(401, "show the desk's key: Authorization: Bearer …")(
                    scope, receive, send
                )
            length = headers.get(b"content-length", b"0")
            most = LARGEST_LOGO if scope["path"] == "/logos" else _LARGEST_BODY_BYTES
            if b"transfer-encoding" in headers or int(length) > most:
                return await _refuse(413, "the body is too large")(scope, receive, send)
        return await self._app(scope, receive, send)


def create_desk(installation: Installation) -> Starlette:
    """Make the desk of an installation."""
    key = installation.settings.desk_key.get_secret_value()
    if not key:
        raise SettingMissing("VITRINE_DESK_KEY is not set: the desk opens for nobody without one")
    app = Starlette(
        routes=[
            Route("/invitations", take_invitation, methods=["POST"]),
            Route("/passwords", desk_changes.take_password, methods=["POST"]),
            Route("/terms", desk_changes.take_terms, methods=["POST"]),
            Route("/logos", desk_brand.take_logo, methods=["POST"]),
            Route("/brand", desk_brand.change_brand, methods=["PATCH"]),
            Route("/shares/{key}", show_share),
            Route("/shares/{key}", desk_changes.change_share, methods=["PATCH"]),
            Route("/shares/{key}/revocation", desk_changes.revoke_share, methods=["POST"]),
            Route("/shares/{key}/links/revocation", desk_changes.revoke_link, methods=["POST"]),
            Route("/shares/{key}/withdrawals", desk_changes.withdraw_asset, methods=["POST"]),
            Route("/shares/{key}/assets", desk_changes.refuse_addition, methods=["POST", "PUT"]),
            Route("/shares/{key}/formats", desk_formats.list_formats),
            Route("/shares/{key}/formats", desk_formats.ask_format, methods=["POST"]),
            Route("/formats/{request:uuid}/cancel", desk_formats.cancel_format, methods=["POST"]),
            *desk_reading.ROUTES,
            Route("/healthz", be_alive),
        ],
        middleware=[Middleware(SafeHeaders), Middleware(KeyNeeded, key=key)],
        exception_handlers={
            VitrineError: _tell_refusal,
            ValidationError: _tell_mistakes,
            JSONDecodeError: _tell_mistakes,
        },
    )
    app.state.installation = installation
    return app


def create() -> Starlette:
    """Make the desk that this process's settings describe; what the server calls."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    return create_desk(get_installation())


def _keep(installation: Installation, people: list[Contact]) -> str:
    with installation.transaction() as session:
        return str(make_invitation(session, installation.seals, people).id)


async def _tell_refusal(request: Request, error: Exception) -> Response:  # noqa: ARG001
    status = error.status if isinstance(error, VitrineError) else 500
    return _refuse(status, str(error))


async def _tell_mistakes(request: Request, error: Exception) -> Response:  # noqa: ARG001
    if not isinstance(error, ValidationError):
        return _refuse(422, "the body is no JSON")
    # Places and reasons only: the values are addresses.
    mistakes = [
        {"field": ".".join(str(step) for step in one["loc"]), "problem": one["msg"]}
        for one in error.errors(include_input=False, include_url=False)
    ]
    return JSONResponse({"error": "the body has mistakes", "mistakes": mistakes}, status_code=422)


def _refuse(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status_code=status)
