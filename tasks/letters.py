"""Letters: drain the outbox."""

from services import letters
from services.installation import get_installation
from tasks.policy import unit_of_retry


@unit_of_retry()
async def send_waiting_letters() -> int:
    """Send every letter that waits, each once, and return how many went."""
    return await letters.send_waiting_letters(get_installation())
