"""Settings of the platform for pages to come."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from services import brands
from services.brands import SettingsChange
from services.installation import get_installation


@task(cache_policy=NO_CACHE, persist_result=False)
async def change_settings(change: SettingsChange) -> list[str]:
    """Set logo, colour and privacy policy, and return what is different and to be known."""
    changed, notes = brands.change_settings(get_installation(), change, asked_by="prefect")
    return [*changed, *notes]
