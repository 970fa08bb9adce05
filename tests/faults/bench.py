"""The bench: `opsloom serve` as real processes on one PostgreSQL, a scripted vendor, and a proxy on every wire."""

import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final, Self

from opsloom_server.auth import keys
from opsloom_server.store import assistants
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from stage.process import ServerProcess
from stage.server import SCRIPTED
from vendors import ScriptedVendor

from faults.clocks import Clock
from faults.ports import lasting_port
from faults.postgres import Postgres
from faults.proxy import Proxy
from faults.redis import Redis

SECRET: Final = "a secret of the fault bench alone, the same on every node"
NO_LIMITS: Final = {
    f"OPSLOOM_LIMIT_{name}": "0"
    for name in ("MESSAGES_PER_MINUTE", "RUNNING_TURNS", "CONNECTIONS", "CONNECTS_PER_SECOND")
}
LOGS: Final = Path(__file__).resolve().parents[2] / "build" / "faults-logs"
"""What the nodes of the last bench wrote."""
ASSISTANT: Final = SCRIPTED.slug


class Node:
    """One server process and its wires: `front` before it, `database`, `vendor` and `redis` behind it.

    `url` is the socket without a proxy, `front_url` the one through it.
    """

    def __init__(
        self, name: str, process: ServerProcess, front: Proxy, wires: dict[str, Proxy], clock: Clock | None = None
    ) -> None:
        self.name = name
        self.process = process
        self.front = front
        self.wires = wires
        self.clock = clock

    @property
    def url(self) -> str:
        return self.process.url

    @property
    def front_url(self) -> str:
        return f"ws://127.0.0.1:{self.front.port}/ws"

    @property
    def up(self) -> bool:
        return self.process.running

    async def start(self) -> None:
        await self.process.start()

    async def kill(self) -> None:
        """SIGKILL."""
        await self.process.end(signal.SIGKILL)

    async def terminate(self) -> int:
        """SIGTERM, and its end; gives the exit code."""
        return await self.process.end(signal.SIGTERM)

    def pause(self) -> None:
        """SIGSTOP: it does not notice that time passes."""
        self.process.send(signal.SIGSTOP)

    def resume(self) -> None:
        self.process.send(signal.SIGCONT)

    def heal(self) -> None:
        for proxy in (self.front, *self.wires.values()):
            proxy.heal()


class Bench:
    """Everything at hand: `nodes`, `postgres`, `redis` (or None), `vendor`, an owner's `key`."""

    def __init__(self, folder: Path, postgres: Postgres, redis: Redis | None, vendor: ScriptedVendor) -> None:
        self.folder = folder
        self.postgres = postgres
        self.redis = redis
        self.vendor = vendor
        self.nodes: list[Node] = []
        self.key = ""

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        nodes: int = 1,
        *,
        redis: bool = False,
        wired: bool = True,
        lease: float | None = None,
        clocks: Sequence[Clock] = (),
        **environment: str,
    ) -> AsyncIterator[Self]:
        """Start it all. Without `wired`, the nodes reach what is behind them directly, which costs less.

        Args:
            nodes: how many servers.
            redis: whether they share a Redis.
            wired: whether proxies stand between the nodes and what is behind them.
            lease: seconds that a turn's owner may be silent; None = the server's own default.
            clocks: one a node, where the machine's own is not what they shall have.
            environment: more settings of the servers.
        """
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="opsloom-faults-")))
            # PostgreSQL runs under an account of its own: closed to it, the folder would not hold its socket.
            folder.chmod(0o755)
            postgres = await stack.enter_async_context(Postgres(folder / "data"))
            shared = await stack.enter_async_context(Redis()) if redis else None
            vendor = await stack.enter_async_context(ScriptedVendor())
            bench = cls(folder, postgres, shared, vendor)
            if lease is not None:
                environment["OPSLOOM_LEASE_SECONDS"] = f"{lease:g}"
            for number in range(nodes):
                clock = clocks[number] if clocks else None
                node = await stack.enter_async_context(bench._node(f"node{number}", wired, environment, clock))
                bench.nodes.append(node)
                if not bench.key:
                    bench.key = await bench._prepare()
            yield bench

    @asynccontextmanager
    async def _node(self, name: str, wired: bool, more: dict[str, str], clock: Clock | None) -> AsyncIterator[Node]:
        async with AsyncExitStack() as stack:
            wires: dict[str, Proxy] = {}

            async def wire(name: str, target: int | str) -> int:
                wires[name] = await stack.enter_async_context(Proxy(target))
                return wires[name].port

            database = self.postgres.dsn
            vendor = self.vendor.port
            redis = self.redis.port if self.redis is not None else 0
            if wired:
                database = f"postgresql://postgres@127.0.0.1:{await wire('database', self.postgres.socket)}/opsloom"
                vendor = await wire("vendor", vendor)
                redis = await wire("redis", redis) if redis else 0
            environment = {
                **NO_LIMITS,
                "OPSLOOM_EMBEDDER": "none",  # nobody searches here; half a second less at each start
                "OPSLOOM_SECRET": SECRET,
                "OPSLOOM_DATA_DIR": str(self.folder / name),
                "DATABASE_URL": database,
                "OPENAI_API_KEY": "sk-test-not-a-key",
                "OPENAI_BASE_URL": f"http://127.0.0.1:{vendor}/v1",
                **({"REDIS_URL": f"redis://127.0.0.1:{redis}/0"} if redis else {}),
                **(clock.environment(self.folder / f"{name}.clock") if clock is not None else {}),
                **more,
            }
            process = ServerProcess(environment, lasting_port(), self.folder / f"{name}.log")
            front = await stack.enter_async_context(Proxy(process.port))
            try:
                await process.start()
                yield Node(name, process, front, wires, clock)
            finally:
                if process.running:
                    process.send(signal.SIGCONT)
                    await process.end(signal.SIGKILL)
                LOGS.mkdir(parents=True, exist_ok=True)
                shutil.copy(process.log, LOGS / f"{name}.log")

    async def _prepare(self) -> str:
        """The assistant `scripted`, and an owner's key."""
        database = await Database.open(self.postgres.dsn, pool_size=1, overflow=0)
        try:
            async with database.transact(DEFAULT_WORKSPACE) as connection:
                await assistants.create(connection, DEFAULT_WORKSPACE, SCRIPTED)
            _, token = await keys.create(database, DEFAULT_WORKSPACE, "faults", "owner")
        finally:
            await database.close()
        return token.text

    def log(self, node: int = 0) -> str:
        """What a node has written."""
        return self.nodes[node].process.log.read_text(errors="replace")

    async def count(self, query: str, *values: Any) -> int:
        """The one number that a query gives."""
        return int((await self.postgres.ask(query, *values))[0][0])
