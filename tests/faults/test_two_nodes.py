"""Short forms of the long runs on two nodes: the owner dies or is stopped, replies are lost, PostgreSQL restarts."""

import pytest

from faults.bench import Bench
from faults.conftest import Theatre
from faults.scenarios import databases, owners, sends

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

LEASE = 3.0
"""Of the shared bench."""


def test_the_owner_is_killed_in_mid_answer(two_nodes: Theatre) -> None:
    async def act(bench: Bench) -> None:
        bench.vendor.script(owners.script)
        turn = owners.Turn(bench, 0)
        try:
            await owners.kill_once(turn, owners.Seen(), LEASE, redis=False)
        finally:
            turn.leave()
            if not turn.owner.up:
                await turn.owner.start()

    two_nodes(act)


def test_an_owner_that_was_stopped_beyond_its_lease_writes_nothing_more(two_nodes: Theatre) -> None:
    """assistant-ui's PR #4840 (8 in docs/reliability.md): a producer whose time is over."""

    async def act(bench: Bench) -> None:
        bench.vendor.script(owners.script)
        turn = owners.Turn(bench, 1)
        try:
            await owners.stop_once(turn, owners.Seen(), seconds=5.5, settle=2.0)
        finally:
            turn.owner.resume()
            turn.leave()

    two_nodes(act)


def test_lost_answers_make_no_second_run(two_nodes: Theatre) -> None:
    async def act(bench: Bench) -> None:
        told = await sends.play(bench, 200, seed=1, step=lambda: None)
        assert told["breaches"] == 0, told

    two_nodes(act)


def test_postgres_restarts_in_mid_answer(two_nodes: Theatre) -> None:
    async def act(bench: Bench) -> None:
        told = await databases.play(bench, 1, 5, lambda: None, databases.restart_postgres, database_gone=True)
        assert told["breaches"] == 0, told

    two_nodes(act)
