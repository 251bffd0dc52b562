"""What the desk tells of shares: the overview, histories, share boards and figures, as JSON."""

from functools import partial

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_jsonable_python
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.threads import run_in_thread
from services.achievements import AchievementQuery, read_achievements
from services.boards import read_board, withdraw_everywhere
from services.installation import Installation
from services.overview import OverviewQuery, read_overview
from services.requests import UUID_PATTERN
from services.share_history import read_share_history

_DOOR = "desk"


class HistoryQuery(BaseModel):
    """What stands behind the question mark of GET /shares/{key}/history."""

    model_config = ConfigDict(extra="forbid")

    owner: str = ""
    after: int = Field(default=0, ge=0)
    limit: int = Field(default=100, ge=1, le=1000)


class BoardQuery(BaseModel):
    """What stands behind the question mark of GET /assets/{asset_id}/board."""

    model_config = ConfigDict(extra="forbid")

    owner: str = ""
    after: str = Field(default="", pattern=rf"^({UUID_PATTERN})?$")
    limit: int = Field(default=100, ge=1, le=1000)


async def list_shares(request: Request) -> Response:
    """Tell which shares there are."""
    query = OverviewQuery.model_validate(dict(request.query_params))
    found = await run_in_thread(read_overview, _installation(request), query)
    return _tell({"shares": found.rows, "after": found.after})


async def show_history(request: Request) -> Response:
    """Tell what happened to one share."""
    query = HistoryQuery.model_validate(dict(request.query_params))
    key = request.path_params["key"]
    read = partial(read_share_history, _installation(request), key, **query.model_dump())
    found = await run_in_thread(read)
    return _tell({"share": found.share_id, "events": found.rows, "after": found.after})


async def show_board(request: Request) -> Response:
    """Tell in which shares an asset stands."""
    query = BoardQuery.model_validate(dict(request.query_params))
    asset_id = request.path_params["asset_id"]
    read = partial(read_board, _installation(request), asset_id, **query.model_dump())
    found = await run_in_thread(read)
    return _tell({"asset_id": asset_id, "shares": found.rows, "after": found.after})


async def withdraw_asset(request: Request) -> Response:
    """Take an asset out of every share that has it, of one owner or of all."""
    asset_id, owner = request.path_params["asset_id"], request.query_params.get("owner", "")
    take_out = partial(
        withdraw_everywhere, _installation(request), asset_id, owner=owner, asked_by=_DOOR
    )
    out = await run_in_thread(take_out)
    return _tell({"withdrawn": asset_id, "shares": out})


async def show_figures(request: Request) -> Response:
    """Tell what shares achieved."""
    query = AchievementQuery.model_validate(dict(request.query_params))
    found = await run_in_thread(read_achievements, _installation(request), query)
    return _tell({"by": query.by, "rows": found})


ROUTES = [
    Route("/shares", list_shares),
    Route("/shares/{key}/history", show_history),
    Route("/assets/{asset_id:path}/board", show_board),
    Route("/assets/{asset_id:path}/withdrawals", withdraw_asset, methods=["POST"]),
    Route("/kpis", show_figures),
]


def _installation(request: Request) -> Installation:
    installation: Installation = request.app.state.installation
    return installation


def _tell(content: object) -> JSONResponse:
    return JSONResponse(to_jsonable_python(content))
