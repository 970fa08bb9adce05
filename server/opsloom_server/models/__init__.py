"""Models: a name and the settings in, a pydantic-ai model out, and the text of its streams into the turn's sink.

    models = Models(settings)                     # one a server; `await models.close()` at the end
    model = models.resolve("openai:gpt-6-luna")   # or default_model(settings)
    said = await Run(agent=agent, model=model, deps=deps, history=history).converse(prompt, None, Stop())

`deps.sink` is a `ModelSink`; it gets each character of text and reasoning once and in order, whatever the model.
"""

from opsloom_server.models.conversing import Run, Said, Stop, Stopped
from opsloom_server.models.explain import explain
from opsloom_server.models.forward import forward_events
from opsloom_server.models.provider import ModelInfo, Provider
from opsloom_server.models.registry import PROVIDERS, Models, catalogue, default_model, installed, providers
from opsloom_server.models.seam.feed import ModelSink
from opsloom_server.models.seam.watch import ModelTimeouts

__all__ = [
    "PROVIDERS",
    "ModelInfo",
    "ModelSink",
    "ModelTimeouts",
    "Models",
    "Provider",
    "Run",
    "Said",
    "Stop",
    "Stopped",
    "catalogue",
    "default_model",
    "explain",
    "forward_events",
    "installed",
    "providers",
]
