"""Live frames on their way to PostgreSQL: gathered from all turns, written every 150 ms or 4 KiB, off their path.

What a killed node loses of a turn is what stood here. A batch is written only while its turn still runs under the epoch
it was made in, so a node that lost its turn cannot add to it.
"""

import asyncio
import logging
from collections import defaultdict
from typing import Final

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from opsloom_server.errors import Unavailable
from opsloom_server.store.engine import Database

# With the rest between two batches and a round trip of a busy database, no more than 250 ms of text are on the way.
WRITE_EVERY: Final = 0.15
WRITE_BYTES: Final = 4_096
# While the database is away: a minute of a hundred busy turns.
HOLD_BYTES: Final = 4 << 20

_log = logging.getLogger(__name__)

# FOR SHARE meets the turn's last transaction, which updates the same row: whichever comes second waits for the other.
_INSERT = text(
    """
    INSERT INTO turn_log (workspace_id, turn_id, first_seq, last_seq, frames)
    SELECT t.workspace_id, t.id, b.first_seq, b.last_seq, b.frames
      FROM unnest(cast(:turns AS text[]), cast(:epochs AS int[]), cast(:firsts AS int[]), cast(:lasts AS int[]),
                  cast(:frames AS text[])) AS b (turn_id, epoch, first_seq, last_seq, frames)
      JOIN turns t ON t.id = b.turn_id AND t.epoch = b.epoch AND t.status = 'running'
       FOR SHARE OF t
    ON CONFLICT DO NOTHING
    """
)


class _Batch(Struct):
    workspace: str
    turn: str
    epoch: int
    first: int
    last: int
    frames: list[str]
    size: int


class Batches:
    """The one writer of `turn_log`. `run` is a task of the hub's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[str, _Batch] = {}
        self._bytes = 0
        self._due = asyncio.Event()

    def add(self, workspace: str, turn: str, epoch: int, seq: int, frame: str) -> None:
        """Take a live frame. Never waits; while the database is away, frames over the bound are not kept."""
        if self._bytes > HOLD_BYTES:
            return
        batch = self._pending.get(turn)
        if batch is None:
            batch = self._pending[turn] = _Batch(workspace, turn, epoch, seq, seq, [frame], len(frame))
        else:
            batch.last = seq
            batch.frames.append(frame)
            batch.size += len(frame)
        self._bytes += len(frame)
        if batch.size >= WRITE_BYTES:
            self._due.set()

    def hurry(self) -> None:
        """Write what waits without waiting for more."""
        self._due.set()

    def forget(self, turn: str) -> None:
        """Drop what waits of a turn whose answer is being stored whole."""
        batch = self._pending.pop(turn, None)
        if batch is not None:
            self._bytes -= batch.size

    async def run(self) -> None:
        """Write until cancelled, then write what is left."""
        try:
            while True:
                try:
                    await asyncio.wait_for(self._due.wait(), WRITE_EVERY)
                except TimeoutError:
                    if not self._pending:
                        continue
                await self.write()
                # Bytes may come faster than 4 KiB a round trip; a short rest makes the next batch larger.
                await asyncio.sleep(0.02)
        finally:
            await asyncio.shield(self.write())

    async def write(self) -> None:
        """Write what waits; on failure it is kept for the next time."""
        self._due.clear()
        taken, self._pending, self._bytes = self._pending, {}, 0
        by_workspace: dict[str, list[_Batch]] = defaultdict(list)
        for batch in taken.values():
            by_workspace[batch.workspace].append(batch)
        for workspace, batches in by_workspace.items():
            try:
                async with self._database.transact(workspace) as connection:
                    await connection.execute(
                        _INSERT,
                        {
                            "turns": [b.turn for b in batches],
                            "epochs": [b.epoch for b in batches],
                            "firsts": [b.first for b in batches],
                            "lasts": [b.last for b in batches],
                            "frames": ["\n".join(b.frames) for b in batches],
                        },
                    )
            except Unavailable:
                _log.warning("live frames of %d turns wait: the database does not answer", len(batches))
                self._put_back(batches)
            except DBAPIError:
                # Nothing that a second try would mend; the answer is stored whole at its end all the same.
                _log.exception("live frames of %d turns could not be stored", len(batches))

    def _put_back(self, batches: list[_Batch]) -> None:
        for batch in batches:
            newer = self._pending.get(batch.turn)
            if newer is not None:
                batch.frames.extend(newer.frames)
                batch.last = newer.last
                batch.size += newer.size
                self._bytes -= newer.size
            self._pending[batch.turn] = batch
            self._bytes += batch.size
