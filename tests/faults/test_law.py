"""`apply(old snapshot, frames) == fresh snapshot`, for every durable frame there is, whatever people do."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faults.bench import Bench
from faults.conftest import Theatre
from faults.law import ACTIONS, Conversation, script
from faults.scenarios import laws

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

QUICK = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(seed=st.integers(0, 1 << 30), actions=st.lists(st.sampled_from(ACTIONS), max_size=10))
def test_applied_frames_give_the_fresh_snapshot(one_node: Theatre, seed: int, actions: list[str]) -> None:
    async def act(bench: Bench) -> None:
        bench.vendor.script(script)
        await Conversation(bench, seed, Counter()).run(actions)

    one_node(act)


def test_every_durable_frame_is_among_them(two_nodes: Theatre) -> None:
    async def act(bench: Bench) -> None:
        told = await laws.play(bench, 40, seed=1, step=lambda: None)
        assert told["breaches"] == 0, "\n".join(told["worst"])

    two_nodes(act)
