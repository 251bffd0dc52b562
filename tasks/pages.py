"""Pages: build them aside, then open the share with them."""

from services import opening, pages
from services.installation import get_installation
from services.leases import Claim
from tasks.policy import unit_of_retry


@unit_of_retry()
def build_page(claim: Claim) -> str:
    """Build the pages of the share into a place of their own, and return the build's id."""
    return pages.build_page(get_installation(), claim)


@unit_of_retry()
def open_share(claim: Claim, build: str) -> None:
    """Switch to the build, open the share and write its letters, in one transaction."""
    opening.open_share(get_installation(), claim, build)
