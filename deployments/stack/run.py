"""Run the local stack in the foreground, until Ctrl-C or `make down`.

A process of its own, because it lives as long as the stack: what the commands of an operator need
would double its memory.
"""

import signal
import sys

from deployments.stack.supervisor import Stack, running_stack
from services.errors import VitrineError
from services.settings import read_operator_settings


def stop_on_signals(stack: Stack) -> None:
    """Let Ctrl-C and SIGTERM end the stack in order."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stack.is_stopping.set())


def main() -> None:
    """Start the whole stack, and stop it when told to."""
    try:
        with running_stack(read_operator_settings(), sys.stdout) as stack:
            stop_on_signals(stack)
            stack.watch()
    except (VitrineError, RuntimeError) as error:
        sys.exit(f"vitrine: {error}")


if __name__ == "__main__":
    main()
