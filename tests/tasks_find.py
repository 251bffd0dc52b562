"""Let tasks find the installation of a test."""

import importlib
import pkgutil

import tasks


def let_tasks_find(installation, monkeypatch, **settings):
    """Give it to every module of tasks, with a lease that needs no renewal and these settings.

    The process of a flow ends with it, and so does the thread that renews its lease; in a test it
    goes on, and must not come to its first renewal after the database is gone.
    """
    patient = {"publish_lease_seconds": 3600, **settings}
    changed = installation.settings.model_copy(update=patient)
    monkeypatch.setattr(installation, "settings", changed)
    for one in pkgutil.iter_modules(tasks.__path__):
        module = importlib.import_module(f"tasks.{one.name}")
        if hasattr(module, "get_installation"):
            monkeypatch.setattr(module, "get_installation", lambda: installation)
