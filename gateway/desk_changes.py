"""What the desk takes for a share that is out, or for one to come: passwords and changes."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services import changes, passwords
from services.changes import ShareChange

_DOOR = "desk"
_T = TypeVar("_T")


class PasswordRequest(BaseModel):
    """The body of POST /passwords."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    password: str = Field(max_length=passwords.LONGEST)


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


async def change_share(request: Request) -> Response:
    """Change a live share: deadline, downloads, password."""
    change = ShareChange.model_validate_json(await request.body())
    changed = await _run(request, changes.change_share, change)
    return JSONResponse({"changed": changed})


async def revoke_share(request: Request) -> Response:
    """Close a share for good."""
    return JSONResponse({"revoked": True, "now": await _run(request, changes.revoke_share)})


async def withdraw_asset(request: Request) -> Response:
    """Take one asset out of a share."""
    wanted = WithdrawalRequest.model_validate_json(await request.body())
    now = await _run(request, changes.withdraw_asset, wanted.asset_id)
    return JSONResponse({"withdrawn": wanted.asset_id, "now": now})


async def _run(request: Request, do: Callable[..., _T], *arguments: object) -> _T:
    key, owner = request.path_params["key"], request.query_params.get("owner", "")
    return await run_in_threadpool(
        partial(do, request.app.state.installation, key, *arguments, owner=owner, asked_by=_DOOR)
    )
