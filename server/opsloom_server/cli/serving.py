"""`opsloom serve`."""

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from opsloom_server.cli.words import err, fail, plainly, say
from opsloom_server.settings import Settings
from opsloom_server.telemetry import configure

if TYPE_CHECKING:
    from opsloom_server.app import Ready

LEVELS = ("debug", "info", "warning", "error")


def serve_command(host: str | None, port: int | None, log_level: str) -> None:
    """Start the server and stay until it ends."""
    if log_level.lower() not in LEVELS:
        fail(f"{log_level} is not a level of the log.", f"One of: {', '.join(LEVELS)}.")
    given: dict[str, Any] = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    with plainly():
        settings = Settings.from_env(**given)
        configure(log_level, secrets=secrets_of(settings))
        say("Starting Opsloom")
        allow_files()
        from opsloom_server.app import serve  # takes a second: the agents, the vendors' clients, the tables

        serve(settings, say, announce)


def allow_files() -> None:
    """Let this process open as many files as its hard limit says: each socket is one, and shells begin with 1,024."""
    if sys.platform == "win32":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS says "unlimited" and refuses it
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def announce(ready: "Ready") -> None:
    """Say where it is to be found, and how to get in. The link stands on a line of its own, to be copied whole."""
    err.print(f"\n[bold green]✓[/bold green] Opsloom is ready at [bold]{ready.url}[/bold]  (model: {ready.model})")
    if ready.owner_link:
        err.print("  Nobody has signed in as the owner yet. This link does it, once, within a day:")
        err.print(f"  {ready.owner_link}", style="bold")
    for notice in ready.notices:
        say(notice)
    err.print("  Ctrl-C stops it.\n", style="dim")


def secrets_of(settings: Settings) -> list[str]:
    """Every secret value in the settings, for the log to take out."""
    values = (getattr(settings, name) for name in type(settings).model_fields)
    return [value.get_secret_value() for value in values if hasattr(value, "get_secret_value")]
