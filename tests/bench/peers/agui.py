"""pydantic-ai's own AG-UI endpoint. Run by uvicorn as `bench.peers.agui:app`."""

import os

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.ui.ag_ui import AGUIAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_provider = OpenAIProvider(base_url=os.environ.get("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"), api_key="none")
_agent = Agent(OpenAIChatModel("scripted", provider=_provider), instructions="Answer.")


async def _run(request: Request) -> Response:
    return await AGUIAdapter.dispatch_request(request, agent=_agent)


app = Starlette(routes=[Route("/", _run, methods=["POST"])])
