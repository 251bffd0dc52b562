"""Settings of the platform for pages to come."""

from services import brands
from services.brands import SettingsChange
from services.installation import get_installation
from tasks.policy import unit_of_retry


@unit_of_retry()
async def change_settings(change: SettingsChange) -> list[str]:
    """Set logo, colour and privacy policy, and return what is different and to be known."""
    changed, notes = brands.change_settings(get_installation(), change, asked_by="prefect")
    return [*changed, *notes]
