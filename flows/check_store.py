"""Check the store: whether all is there that should be, and whole; what can be made again is."""

from prefect import flow

from tasks import store


@flow(name="check-store", persist_result=False)
async def check_store(read_digests: bool = False) -> int:
    """Compare rows and store both ways, mend what can be mended, and return how much is still amiss.

    Args:
        read_digests: Read every byte of every rendition too, instead of comparing sizes alone.
    """
    found = await store.look(read_digests)
    left = await store.mend(found)
    return await store.report_check(found, left)
