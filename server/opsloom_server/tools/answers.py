"""What the model is told when a person has acted on a block, or has not."""

from typing import Any, Final

from opsloom_blocks import Acted

WITHDRAWN: Final = "The person went on without answering this. Do not ask again unless you must."
NOT_RUN: Final = "{words} It was not run."
EXPIRED: Final = "The person did not answer in time."


def answered(acted: Acted) -> dict[str, Any]:
    """The result of the call that asked, for `DeferredToolResults(calls={call: …})`."""
    return {"answer": acted.summary, "values": acted.state.values}
