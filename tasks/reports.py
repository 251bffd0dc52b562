"""Reports: what an operator sees of a run in Prefect; no link, token or address."""

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from services import reports
from services.installation import get_installation
from services.leases import Claim


@task(cache_policy=NO_CACHE, persist_result=False)
def report_share(claim: Claim) -> str:
    """Show the result of a publication as a table, and return the share's id."""
    report = reports.describe_share(get_installation(), claim.share_id)
    create_table_artifact(report.rows, key=f"share-{claim.share_id}", description=report.summary)
    return str(claim.share_id)
