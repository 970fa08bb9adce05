"""A clerk's tools: two that read what others wrote, and some that act. What acts is written down and does nothing."""

from collections.abc import AsyncGenerator
from typing import Any

from msgspec import Struct, to_builtins
from opsloom_server.tools import Effect, Result, Tool, ToolContext, ToolEvent

LETTERS: dict[str, str] = {}
"""What lies in the inbox and on pages, by its number; the tests put it there."""
RUNS: list[tuple[str, str, dict[str, Any]]] = []
"""What acted: the session, the tool, the arguments."""


class Which(Struct, forbid_unknown_fields=True):
    number: str


class ReadMail(Tool):
    name = "read_mail"
    title = "Read a mail"
    about = "Reads a mail that somebody sent."
    arguments = Which
    untrusted = True
    letters = LETTERS
    runs = RUNS

    async def run(self, args: Which, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        yield Result({"from": "mallory@example.com", "body": LETTERS[args.number]}, "1 mail")


class OpenPage(Tool):
    name = "open_page"
    title = "Open a page"
    about = "Opens a page that was fetched before."
    arguments = Which
    untrusted = True

    async def run(self, args: Which, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        yield Result(f"<html><body>{LETTERS[args.number]}</body></html>", "1 page")


class Acting(Tool):
    """Writes down that it ran."""

    async def run(self, args: Any, context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        RUNS.append((context.session, self.name, to_builtins(args)))
        yield Result({"ok": True}, "Done")


class Payment(Struct, forbid_unknown_fields=True):
    to: str
    amount: int


class PayInvoice(Acting):
    name = "pay_invoice"
    title = "Pay an invoice"
    about = "Pays an invoice."
    arguments = Payment
    effect: Effect = "changes"


class Report(Struct, forbid_unknown_fields=True):
    to: str
    text: str


class SendReport(Acting):
    name = "send_report"
    title = "Send a report"
    about = "Sends a report by mail."
    arguments = Report
    effect: Effect = "sends"


class Address(Struct, forbid_unknown_fields=True):
    url: str


class FetchPage(Acting):
    name = "fetch_page"
    title = "Fetch a page"
    about = "Fetches a page from the internet."
    arguments = Address
    effect: Effect = "fetches"
    untrusted = True


class Archive(Struct, forbid_unknown_fields=True):
    year: int


class WipeArchive(Acting):
    name = "wipe_archive"
    title = "Wipe the archive"
    about = "Deletes a year of the archive."
    arguments = Archive
    effect: Effect = "changes"
    danger = True


class TransferAll(WipeArchive):
    """Of this server, but not of this assistant."""

    name = "transfer_all"
    title = "Transfer everything"


TOOLS = [ReadMail(), OpenPage(), PayInvoice(), SendReport(), FetchPage(), WipeArchive(), TransferAll()]
