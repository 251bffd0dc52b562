"""Pages: build them aside, then open the share with them."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from services import opening, pages
from services.installation import get_installation
from services.leases import Claim


@task(cache_policy=NO_CACHE, persist_result=False, retries=2, retry_delay_seconds=[2, 10])
def build_page(claim: Claim) -> str:
    """Build the pages of the share into a place of their own, and return the build's id."""
    return pages.build_page(get_installation(), claim)


@task(cache_policy=NO_CACHE, persist_result=False)
def open_share(claim: Claim, build: str) -> None:
    """Switch to the build, open the share and write its letters, in one transaction."""
    opening.open_share(get_installation(), claim, build)
