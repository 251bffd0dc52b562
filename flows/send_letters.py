"""Send letters: whatever waits in the outbox goes out, each letter once."""

from prefect import flow

from tasks.letters import send_waiting_letters


@flow(name="send-letters", persist_result=False)
async def send_letters() -> int:
    """Send every letter that waits, and return how many went."""
    return await send_waiting_letters()
