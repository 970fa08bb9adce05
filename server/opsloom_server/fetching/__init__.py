"""Documents and services at an address that somebody names, without reaching into the server's own network."""

from opsloom_server.fetching.addresses import FetchRefused, Networks, Target, judge, target
from opsloom_server.fetching.caller import Answered, Call, Caller
from opsloom_server.fetching.fetcher import Fetched, Fetcher
from opsloom_server.fetching.guarded import Guarded

__all__ = [
    "Answered",
    "Call",
    "Caller",
    "FetchRefused",
    "Fetched",
    "Fetcher",
    "Guarded",
    "Networks",
    "Target",
    "judge",
    "target",
]
