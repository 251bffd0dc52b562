"""What the desk takes and tells of formats: wishes of owners, and how far all wishes are."""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway.threads import run_in_thread
from services import format_requests, format_status
from services.format_wishes import FormatWish
from services.installation import Installation


async def ask_format(request: Request) -> Response:
    """Write down an owner's wish; the standby carries it out."""
    wish = FormatWish.model_validate_json(await request.body())
    named = wish.model_copy(update={"share": request.path_params["key"], **_owner(request)})
    installation: Installation = request.app.state.installation
    found = await run_in_thread(format_requests.accept_wish, installation, named)
    return JSONResponse({"request": str(found)}, status_code=202)


async def list_formats(request: Request) -> Response:
    """Tell of every wish for formats of a share, and how far it is."""
    installation: Installation = request.app.state.installation
    found = await run_in_thread(
        format_status.list_requests, installation, request.path_params["key"], **_owner(request)
    )
    return JSONResponse({"formats": found})


async def cancel_format(request: Request) -> Response:
    """Cancel a wish, whoever had it."""
    installation: Installation = request.app.state.installation
    wish: UUID = request.path_params["request"]
    cancelled = await run_in_thread(format_status.cancel_wish, installation, wish)
    return JSONResponse({"cancelled": cancelled})


def _owner(request: Request) -> dict[str, str]:
    owner = request.query_params.get("owner", "")
    return {"owner": owner} if owner else {}
