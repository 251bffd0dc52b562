"""Which DAM this installation has."""

from services.dam.library import Library
from services.dam.protocol import Dam
from services.settings import Settings


def connect_dam(settings: Settings) -> Dam:
    """Connect to the DAM that the settings name."""
    return Library(settings.library)
