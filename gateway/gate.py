"""Ask the gate on behalf of a request: from memory, or by reading where the link stands."""

from dataclasses import replace
from uuid import UUID

from starlette.requests import Request

from gateway.memory import Memory
from gateway.threads import run_in_thread
from gateway.visitors import read_cookie
from page_builder.views import NO_BRAND, BrandView
from services.access import Action, Admission, decide
from services.brands import view_brand
from services.errors import VitrineError
from services.installation import Installation
from services.live_rights import LiveRights
from services.standing import Standing, read_standing


async def ask_gate(request: Request, action: Action) -> Admission:
    """Decide whether the visitor may do this with the share, or the asset, of the address.

    Raises:
        VitrineError: what the gate says instead.
    """
    installation: Installation = request.app.state.installation
    memory: Memory = request.app.state.memory
    token = request.path_params["token"]
    standing, now = await memory.find_standing(token, lambda: _read(request))
    return decide(
        standing,
        installation.seals,
        now=now,
        action=action,
        position=request.path_params.get("position"),
        shown=read_cookie(request),
    )


async def find_brand(request: Request) -> BrandView:
    """Find the brand of the share to which the address of a request leads, if to any."""
    installation: Installation = request.app.state.installation
    memory: Memory = request.app.state.memory
    token = request.path_params.get("token", "")
    try:
        standing, _ = await memory.find_standing(token, lambda: _read(request))
        brand_id = standing.share.brand_id
        if brand_id not in memory.brands:
            memory.brands[brand_id] = await run_in_thread(_read_brand, installation, brand_id)
    except VitrineError:
        return NO_BRAND
    return memory.brands[brand_id]


def _read_brand(installation: Installation, brand_id: UUID | None) -> BrandView:
    with installation.transaction() as session:
        return view_brand(session, brand_id)


async def _read(request: Request) -> Standing:
    return await run_in_thread(_read_now, request)


def _read_now(request: Request) -> Standing:
    installation: Installation = request.app.state.installation
    rights: LiveRights = request.app.state.rights
    with installation.transaction() as session:
        standing = read_standing(session, request.path_params["token"])
        lost = rights.find_lost(session, standing.share, standing.read_at)
    return replace(standing, withdrawn=standing.withdrawn | lost) if lost else standing
