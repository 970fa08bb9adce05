"""MCP servers that a workspace attaches: their tools, resources and apps for its assistants."""

from opsloom_server.mcp.judging import effect_of, of_resources
from opsloom_server.mcp.listing import Listing, Offered
from opsloom_server.mcp.naming import SERVER_NAME, given_as, model_name
from opsloom_server.mcp.reaching import Address, Program, Reach
from opsloom_server.mcp.servers import McpServers, listing_of

__all__ = [
    "SERVER_NAME",
    "Address",
    "Listing",
    "McpServers",
    "Offered",
    "Program",
    "Reach",
    "effect_of",
    "given_as",
    "listing_of",
    "model_name",
    "of_resources",
]
