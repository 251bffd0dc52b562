"""What the desk takes for the look of pages to come: logos, colour, privacy policy, contact."""

from functools import partial

from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.brands import SettingsChange, change_settings
from services.logos import keep_logo


class BrandChange(SettingsChange):
    """The body of PATCH /brand; `contact` may stand here, because this is no flow parameter."""

    contact: str = Field(default="", max_length=320)


async def take_logo(request: Request) -> Response:
    """Take a logo as the body of the request, and give the name by which a change names it."""
    keep = partial(keep_logo, request.app.state.installation, await request.body())
    return JSONResponse({"logo": await run_in_threadpool(keep)}, status_code=201)


async def change_brand(request: Request) -> Response:
    """Change the brand of shares to come; what is not given stays as it is."""
    wanted = BrandChange.model_validate_json(await request.body())
    change = SettingsChange(**wanted.model_dump(exclude={"contact"}))
    set_it = partial(
        change_settings,
        request.app.state.installation,
        change,
        contact=wanted.contact,
        asked_by="desk",
    )
    changed, notes = await run_in_threadpool(set_it)
    return JSONResponse({"changed": changed, "notes": notes})
