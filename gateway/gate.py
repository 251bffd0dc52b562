"""Ask the gate on behalf of a request: from memory, or by reading where the link stands."""

from starlette.requests import Request

from gateway.memory import Memory
from gateway.threads import run_in_thread
from gateway.visitors import read_cookie
from services.access import Action, Admission, decide
from services.installation import Installation
from services.standing import Standing, read_standing


async def ask_gate(request: Request, action: Action) -> Admission:
    """Decide whether the visitor may do this with the share, or the asset, of the address.

    Raises:
        VitrineError: what the gate says instead.
    """
    installation: Installation = request.app.state.installation
    memory: Memory = request.app.state.memory
    token = request.path_params["token"]
    standing, now = await memory.find_standing(token, lambda: _read(installation, token))
    return decide(
        standing,
        installation.seals,
        now=now,
        action=action,
        position=request.path_params.get("position"),
        shown=read_cookie(request),
    )


async def _read(installation: Installation, token: str) -> Standing:
    return await run_in_thread(_read_now, installation, token)


def _read_now(installation: Installation, token: str) -> Standing:
    with installation.transaction() as session:
        return read_standing(session, token)
