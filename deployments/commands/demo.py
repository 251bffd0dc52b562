"""`vitrine demo`: from nothing to a link that works, in one command."""

import json
import sys
import time
from typing import Any

import typer

from deployments.demo import count_folder, publish, read_facts
from deployments.receiving import receive_bundle, wait_for_letters
from deployments.stack.home import write_private
from deployments.stack.memory import PeakMemory
from deployments.stack.run import stop_on_signals
from deployments.stack.supervisor import Stack, running_stack
from services.dam.library import Library
from services.errors import VitrineError
from services.settings import read_operator_settings

_FINISH_SECONDS = 10.0


def demo(
    *,
    once: bool = typer.Option(False, help="Receive the bundle too, check it, stop, print JSON."),
    folder: str = typer.Option("", help="The folder to publish; all of the library without it."),
    seconds_setup: float = typer.Option(0.0, hidden=True),
) -> None:
    """Start the stack, publish a folder, and show the link, Prefect's view and the letter."""
    settings = read_operator_settings()
    try:
        library = Library(settings.library)
        count_folder(library, folder or "/")
        with running_stack(settings, sys.stderr if once else sys.stdout) as stack:
            stop_on_signals(stack)
            result = _demonstrate(stack, library, folder or "/", once=once)
            result["seconds_setup"] = seconds_setup
            _keep(stack, result)
            if not once:
                stack.watch()
    except (VitrineError, RuntimeError) as error:
        print(f"vitrine: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    if once:
        print(json.dumps(result, ensure_ascii=False))
        raise typer.Exit(0 if result["zip_ok"] else 1)


def _demonstrate(stack: Stack, library: Library, folder: str, *, once: bool) -> dict[str, Any]:
    began, memory = time.time(), PeakMemory(stack.home.mark)
    published = publish(stack, library, folder=folder)
    letters = wait_for_letters(stack.home.path / "letters", after=began)
    stack.log.say("demo", f"the share is open after {published.seconds_to_link} s")
    # On the screen and nowhere else: the log file must not hold a link.
    out = sys.stderr if once else sys.stdout
    run = f"{stack.addresses.prefect_url}/flow-runs/flow-run/{published.run_id}"
    print(f"\n  the page     {published.link}\n  in Prefect   {run}", file=out)
    print("".join(f"  the letter   {one.as_uri()}\n" for one in letters), file=out, flush=True)
    result: dict[str, Any] = {
        "share_url": published.link,
        "assets": published.assets,
        "renditions": 0,
        "zip_bytes": 0,
        "zip_ok": None,
        "seconds_setup": 0.0,
        "seconds_start": stack.seconds_start,
        "seconds_to_link": published.seconds_to_link,
        "peak_rss_mb": memory.peak_mb,
        "history": [],
    }
    result |= read_facts(published.share_id)
    if once:
        result["zip_bytes"], problems = receive_bundle(published.link, library, folder)
        for problem in problems:
            stack.log.say("demo", f"the bundle is wrong: {problem}")
        is_told = _wait_for_finish(published.share_id)
        result |= read_facts(published.share_id) | {
            "zip_ok": not problems and is_told and bool(letters)
        }
    result["peak_rss_mb"] = memory.stop()
    return result


def _wait_for_finish(share_id: str) -> bool:
    """Wait until the end of the download stands in the history."""
    deadline = time.monotonic() + _FINISH_SECONDS
    while time.monotonic() < deadline:
        if "download:finished" in read_facts(share_id)["history"]:
            return True
        time.sleep(0.1)
    return False


def _keep(stack: Stack, result: dict[str, Any]) -> None:
    write_private(stack.home.path / "demo.json", json.dumps(result, ensure_ascii=False) + "\n")
