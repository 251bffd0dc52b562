"""Letters: drain the outbox."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from services import letters
from services.installation import get_installation


@task(cache_policy=NO_CACHE, persist_result=False)
async def send_waiting_letters() -> int:
    """Send every letter that waits, each once, and return how many went."""
    return await letters.send_waiting_letters(get_installation())
