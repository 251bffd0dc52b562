"""A line that breaks: a relay in front of a server that cuts connections after so many bytes."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_BLOCK_BYTES = 64 * 1024


@dataclass
class Relay:
    """Passes connections on to a local port; `cuts` counts those that it broke."""

    port: int
    most_bytes: int
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    cuts: int = 0

    @property
    def url(self) -> str:
        """Its own address."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def run(self) -> None:
        """Take connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self.port)) as server:
            asking = threading.Thread(target=self._pass_on, args=(client, server, None))
            asking.start()
            self._pass_on(server, client, self.most_bytes)
            asking.join()

    def _pass_on(self, source: socket.socket, target: socket.socket, most: int | None) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while block := source.recv(_BLOCK_BYTES):
                target.sendall(block)
                passed += len(block)
                if most is not None and passed >= most:
                    self.cuts += 1
                    break
        for one in (target, source):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def running_relay(port: int, most_bytes: int) -> Iterator[Relay]:
    """Pass on to a local port for as long as the block lasts."""
    relay = Relay(port, most_bytes)
    threading.Thread(target=relay.run, daemon=True).start()
    try:
        yield relay
    finally:
        # Closing alone would not wake whoever waits for the next connection.
        with contextlib.suppress(OSError):
            relay.listener.shutdown(socket.SHUT_RDWR)
        relay.listener.close()
