"""Collect garbage: renditions, builds and plans that no share needs any more."""

from prefect import flow

from tasks import garbage


@flow(name="collect-garbage", persist_result=False)
async def collect_garbage() -> int:
    """Remove what nobody needs and has not been needed for a while; return how many things."""
    collected = await garbage.collect_renditions()
    orphans = await garbage.collect_orphans()
    return await garbage.report_collected(collected, orphans)
