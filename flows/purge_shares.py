"""Purge shares: of those that were closed long enough ago nothing stays but a receipt."""

from prefect import flow

from tasks import life, prefect_runs


@flow(name="purge-shares", persist_result=False)
async def purge_shares() -> int:
    """Remove what is due, also from Prefect, and return how many shares are gone for good.

    A purge that was interrupted goes on; what is found to be left is tried again the next time.
    """
    await life.begin_purges()
    await prefect_runs.forget_runs()
    result = await life.carry_out_purges()
    return await life.report_purged(result, await life.forget_leftovers())
