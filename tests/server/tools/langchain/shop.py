"""An extension with LangChain's tools: synchronous ones, one that is awaited, one that does not work."""

import asyncio
import threading
import time
from pathlib import Path

from langchain_core.tools import ToolException, tool
from opsloom_server.tools.langchain import langchain_tool


@tool
def stock(product: str, town: str = "Oslo") -> str:
    """Says how many of a product are in stock."""
    time.sleep(0.2)  # as a client of a database does, that waits
    return f"12 of {product} in {town}, counted by {threading.current_thread().name}"


@tool
async def price(product: str) -> dict[str, object]:
    """Says what a product costs."""
    await asyncio.sleep(0)
    return {"product": product, "price": 9.5}


@tool
def broken(product: str) -> str:
    """Does not work."""
    raise ToolException(f"There is no {product}.")


@tool
def order(product: str, journal: str) -> str:
    """Orders a product."""
    Path(journal).write_text(product)
    return "ordered"


TOOLS = [
    langchain_tool(stock, effect="reads", title="Look into the stock"),
    langchain_tool(price, effect="reads"),
    langchain_tool(broken, effect="reads"),
    langchain_tool(order, effect="changes"),
]
