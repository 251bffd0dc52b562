"""Set how pages to come look: logo, colour, privacy policy."""

from prefect import flow

from services.brands import SettingsChange
from tasks import settings


@flow(name="change-settings", persist_result=False)
async def change_settings(change: SettingsChange) -> list[str]:
    """Change the platform's settings for pages, and return what is different and to be known.

    Shares that are out keep the look that they were made with.

    Args:
        change: What is to be different; what is left empty stays as it is.
    """
    return await settings.change_settings(change)
