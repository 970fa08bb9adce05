"""The long runs by name, in the order in which `make faults` takes them."""

from typing import Final

from faults.scenarios import (
    approvals,
    bugs,
    databases,
    floods,
    idle,
    laws,
    owners,
    peers,
    random_schedules,
    rolling,
    sends,
    skewed,
    stuck,
)
from faults.scenarios.scenario import Scenario

__all__ = ["SCENARIOS", "Scenario"]

SCENARIOS: Final[dict[str, Scenario]] = {
    **random_schedules.SCENARIOS,
    "law": laws.LAW,
    "skewed-clocks": skewed.SKEWED,
    "lost-answers": sends.SENDS,
    "two-approvals": approvals.APPROVALS,
    "kill-owner": owners.KILLED,
    "kill-owner-redis": owners.KILLED_WITH_REDIS,
    "kill-owner-default-lease": owners.KILLED_DEFAULT,
    "stop-owner": owners.STOPPED,
    "stop-owner-redis": owners.STOPPED_WITH_REDIS,
    "rolling-restart": rolling.ROLLING,
    "postgres-restarted": databases.POSTGRES,
    "postgres-restarted-two-nodes": databases.POSTGRES_TWO,
    "redis-flushed": databases.FLUSHED,
    "redis-killed": databases.KILLED,
    "redis-stopped": databases.STOPPED,
    "stuck-reader": stuck.STUCK,
    "floods": floods.FLOODS,
    "idle-memory": idle.IDLE,
    "bugs": bugs.BUGS,
    "peers": peers.PEERS,
    "peers-memory": peers.PEERS_MEMORY,
}
