"""Reconcile shares: what runs that died have left is finished, or told to the operator."""

from prefect import flow

from tasks import life


@flow(name="reconcile-shares", persist_result=False)
async def reconcile_shares() -> int:
    """Finish what died, give up what nobody finished, plan anew what is stale; return how many."""
    finished = await life.finish_publications()
    given_up = await life.give_up_shares()
    replanned = await life.replan_stale()
    return await life.report_reconciled([*finished, *given_up, *replanned])
