"""This node's lease on its turns: renewed while it lives, looked at by the others when it does not.

Ten looks a lease, every third of which renews: with 10 s, a node that dies is missed after 11 s at the latest.
"""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from opsloom_server.errors import StartupError, Unavailable
from opsloom_server.hub.environment import Environment
from opsloom_server.hub.wakeups import Hear
from opsloom_server.store import nodes

LOOKS: Final = 10
RENEWALS: Final = 3
# A node that could not reach the database gives the others this part of a lease to come back too before it buries them.
PATIENCE: Final = 0.5
AGAIN_SECONDS: Final = 1.0

_log = logging.getLogger(__name__)


class Keeper:
    """Renews the lease and calls `recover` when turns may have been left; owned by the hub.

    `recover` takes over what nobody runs; `hear` makes this node look at all its sessions anew.
    """

    def __init__(self, environment: Environment, recover: Callable[[], Awaitable[None]], hear: Hear) -> None:
        self._environment = environment
        self._recover = recover
        self._hear = hear
        self._lease = environment.settings.lease_seconds
        self._others: frozenset[str] = frozenset()
        self._dead: frozenset[str] = frozenset()
        # Set while something may have been left by somebody.
        self._asked = asyncio.Event()
        self._patient_until = 0.0
        self._missed = False

    def ask(self) -> None:
        """Look for turns that nobody runs: a commit's answer was lost, and what it began may be nowhere in memory."""
        self._asked.set()

    async def join(self) -> None:
        """Take a place among the nodes, if there can be others. Raises `StartupError` if they have another secret."""
        environment = self._environment
        if not environment.shared:
            return
        fingerprint = self._fingerprint()
        async with environment.database.transact("") as connection:
            strangers = await nodes.strangers(connection, environment.node, fingerprint)
            if strangers:
                raise StartupError(
                    "Another node on this database has another OPSLOOM_SECRET.",
                    "Give every node the same OPSLOOM_SECRET (make one with: openssl rand -hex 32).",
                )
            await nodes.join(connection, environment.node, fingerprint, self._lease)
        await self._look(renew=False)

    async def leave(self) -> None:
        """Give up the place, so that what this node left is taken over at once."""
        if not self._environment.shared:
            return
        try:
            async with self._environment.database.transact("") as connection:
                await nodes.leave(connection, self._environment.node)
        except Unavailable:
            _log.warning("this node's lease runs out by itself: the database does not answer")

    async def run(self) -> None:
        """Keep the lease until cancelled, and take over what others left.

        Each in a task of its own: a node that takes over many turns must not lose its own lease meanwhile.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._recover_when_asked(), name="take-over")
            # Where nobody else shares the database there is no lease to keep.
            if self._environment.shared:
                tasks.create_task(self._stay(), name="lease")

    async def _stay(self) -> None:
        look = 0
        while True:
            await asyncio.sleep(self._lease / LOOKS)
            look += 1
            try:
                await self._look(renew=look % RENEWALS == 0 or self._missed)
                self._missed = False
            except Unavailable:
                self._missed = True
                self._be_patient()
            except Exception:
                _log.exception("the keeper of the lease stumbled")

    async def _recover_when_asked(self) -> None:
        # Alone, what asks is a commit whose answer was lost; it may still be under way.
        pause = 0.0 if self._environment.shared else AGAIN_SECONDS
        while True:
            await self._asked.wait()
            await asyncio.sleep(max(pause, self._patient_until - asyncio.get_running_loop().time()))
            self._asked.clear()
            try:
                await self._recover_all()
            except Unavailable:
                self._be_patient()
                await self._ask_again()
            except Exception:
                _log.exception("the take-over of turns stumbled")
                await self._ask_again()

    async def _ask_again(self) -> None:
        self._asked.set()
        await asyncio.sleep(AGAIN_SECONDS)

    def _be_patient(self) -> None:
        """A node that could not reach the database is in no position to call others dead."""
        if self._environment.shared:
            self._patient_until = asyncio.get_running_loop().time() + PATIENCE * self._lease
        _log.warning("turns and leases could not be looked after: the database does not answer")

    async def _look(self, *, renew: bool) -> None:
        environment = self._environment
        async with environment.database.transact("") as connection:
            standing = await nodes.keep(connection, environment.node, self._lease if renew else 0.0)
            if not standing.mine:
                await nodes.join(connection, environment.node, self._fingerprint(), self._lease)
        if not standing.mine:
            _log.warning("this node was not heard of for %.0f s; others may have taken its turns over", self._lease)
            self._hear(None)
        environment.wakeups.others = bool(standing.others)
        self._dead = standing.dead
        if standing.dead or self._others - standing.others:
            self._asked.set()
        self._others = standing.others

    async def _recover_all(self) -> None:
        dead = self._dead
        await self._recover()
        if dead:
            async with self._environment.database.transact("") as connection:
                await nodes.forget(connection, dead)

    def _fingerprint(self) -> bytes:
        return hmac.digest(self._environment.secret, b"nodes", hashlib.sha256)
