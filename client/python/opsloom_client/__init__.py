"""Talk to an Opsloom server from Python.

async with connect("http://127.0.0.1:8000", assistant="demo") as chat:
    async for text in chat.ask("How do I embed the chat on my website?"):
        print(text, end="", flush=True)
"""

from opsloom_client.answer import Answer
from opsloom_client.chat import Chat, connect
from opsloom_client.errors import (
    Closed,
    Denied,
    Disconnected,
    Full,
    Gone,
    OpsloomError,
    Refused,
    Unreachable,
)
from opsloom_client.feed import Event, Feed, Reconnecting

__all__ = [
    "Answer",
    "Chat",
    "Closed",
    "Denied",
    "Disconnected",
    "Event",
    "Feed",
    "Full",
    "Gone",
    "OpsloomError",
    "Reconnecting",
    "Refused",
    "Unreachable",
    "connect",
]
