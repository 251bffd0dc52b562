import asyncio

import psycopg

from services.dam.protocol import Contact
from services.invitations import make_invitation
from tests.publishing import a_request, publish


def test_the_database_tells_whoever_listens_of_a_letter_also_in_a_path_with_a_space(installation):
    with installation.transaction() as session:
        people = [Contact("maria@paper.example", "Maria")]
        invitation = str(make_invitation(session, installation.seals, people).id)

    async def hear() -> str:
        arguments = installation.connection_arguments()
        async with await psycopg.AsyncConnection.connect(**arguments, autocommit=True) as listener:
            await listener.execute("LISTEN outbox")
            await asyncio.to_thread(publish, installation, a_request(invitation=invitation))
            async for notice in listener.notifies(timeout=10, stop_after=1):
                return notice.channel
        return "nothing"

    assert asyncio.run(hear()) == "outbox"
