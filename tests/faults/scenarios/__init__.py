"""The long runs by name, in the order in which `make faults` takes them."""

from typing import Final

from faults.scenarios.random_schedules import ONE_NODE
from faults.scenarios.scenario import Scenario

__all__ = ["SCENARIOS", "Scenario"]

SCENARIOS: Final[dict[str, Scenario]] = {
    "schedules-one-node": ONE_NODE,
}
