"""What the desk takes for a share that is out, or for one to come: passwords, terms and changes."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services import changes, passwords, terms
from services.changes import ShareChange

_DOOR = "desk"
_T = TypeVar("_T")


class PasswordRequest(BaseModel):
    """The body of POST /passwords."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    password: str = Field(max_length=passwords.LONGEST)


class TermsRequest(BaseModel):
    """The body of POST /terms: `{"texts": {"en": "…"}}`."""

    model_config = ConfigDict(extra="forbid")

    texts: dict[
        Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$")], str
    ]


class LinkRequest(BaseModel):
    """The body of POST /shares/{key}/links/revocation; empty: the link for everybody."""

    model_config = ConfigDict(extra="forbid")

    recipient: str = Field(max_length=320)


class WithdrawalRequest(BaseModel):
    """The body of POST /shares/{key}/withdrawals."""

    model_config = ConfigDict(extra="forbid")

    asset_id: str = Field(min_length=1, max_length=1000)


async def take_password(request: Request) -> Response:
    """Take a password, keep its hash, and give the id under which a request can name it."""
    wanted = PasswordRequest.model_validate_json(await request.body())
    keep = partial(passwords.keep_password, request.app.state.installation, wanted.password)
    password_id, weaknesses = await run_in_threadpool(keep)
    warnings = [f"the password {one}" for one in weaknesses]
    return JSONResponse({"password": str(password_id), "warnings": warnings}, status_code=201)


async def take_terms(request: Request) -> Response:
    """Take terms of use as Markdown per language, and give the id of this version."""
    wanted = TermsRequest.model_validate_json(await request.body())
    keep = partial(terms.keep_terms, request.app.state.installation, wanted.texts)
    return JSONResponse({"terms": await run_in_threadpool(keep)}, status_code=201)


async def change_share(request: Request) -> Response:
    """Change a live share: deadline, downloads, password."""
    change = ShareChange.model_validate_json(await request.body())
    changed = await _run(request, changes.change_share, change)
    return JSONResponse({"changed": changed})


async def revoke_share(request: Request) -> Response:
    """Close a share for good."""
    return JSONResponse({"revoked": True, "now": await _run(request, changes.revoke_share)})


async def revoke_link(request: Request) -> Response:
    """Close one link of a share for good."""
    wanted = LinkRequest.model_validate_json(await request.body())
    now = await _run(request, partial(changes.revoke_link, recipient=wanted.recipient))
    return JSONResponse({"revoked": True, "now": now})


async def withdraw_asset(request: Request) -> Response:
    """Take one asset out of a share."""
    wanted = WithdrawalRequest.model_validate_json(await request.body())
    now = await _run(request, changes.withdraw_asset, wanted.asset_id)
    return JSONResponse({"withdrawn": wanted.asset_id, "now": now})


async def refuse_addition(request: Request) -> Response:
    """Refuse to add anything to a share, and say what to do instead."""
    key, owner = request.path_params["key"], request.query_params.get("owner", "")
    installation = request.app.state.installation
    return await run_in_threadpool(changes.refuse_addition, installation, key, owner=owner)


async def _run(request: Request, do: Callable[..., _T], *arguments: object) -> _T:
    key, owner = request.path_params["key"], request.query_params.get("owner", "")
    return await run_in_threadpool(
        partial(do, request.app.state.installation, key, *arguments, owner=owner, asked_by=_DOOR)
    )
