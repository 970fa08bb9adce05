"""`EmbeddedPostgres`: the PostgreSQL of a data folder, for as long as somebody uses it."""

import asyncio
import errno
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import platformdirs

from opsloom_server.errors import StartupError
from opsloom_server.store.embedded.account import Account
from opsloom_server.store.embedded.binaries import programs
from opsloom_server.store.embedded.cluster import DATABASE, Cluster
from opsloom_server.store.embedded.locks import FolderLocks
from opsloom_server.store.embedded.postmaster import PidFile, running

Progress = Callable[[str], None]


def data_folder(chosen: Path | None) -> Path:
    """The chosen data folder (`OPSLOOM_DATA_DIR`), else /var/lib/opsloom for root, else the user's own.

    Raises StartupError for a user without a home.
    """
    try:
        if chosen is not None:
            return Path(os.path.abspath(chosen.expanduser()))
        if sys.platform != "win32" and os.geteuid() == 0:
            return Path("/var/lib/opsloom")
        return Path(platformdirs.user_data_dir("opsloom", appauthor=False))
    except RuntimeError:
        raise StartupError(
            "There is no place for the data: this user has no home folder.",
            "Set OPSLOOM_DATA_DIR to a folder, by its whole path, that this user may write to.",
        ) from None


class EmbeddedPostgres:
    """The PostgreSQL 18 with pgvector that lives in a data folder.

    Entering starts it, or joins the one that runs; leaving stops it, unless others still use it. `exclusive=True` is
    for the server: a second one on the same folder gets a `StartupError`. Commands share, beside a server or alone.

        async with EmbeddedPostgres(folder, exclusive=True, on_progress=print) as pg:
            engine = create_async_engine(pg.url)

    `start` and `stop` do the same without a loop. `on_progress` is called from the thread that does the work, with a
    short line for people. `settings` are PostgreSQL's own, for tests (`{"fsync": "off"}`).
    """

    def __init__(
        self,
        data_dir: Path | str,
        *,
        exclusive: bool = False,
        on_progress: Progress | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = Path(os.path.abspath(data_dir))
        self._exclusive = exclusive
        self._progress = on_progress or (lambda _: None)
        self._settings = dict(settings or {})
        self._locks: FolderLocks | None = None
        self._cluster: Cluster | None = None
        self._found: PidFile | None = None

    @property
    def dsn(self) -> str:
        """For asyncpg, psql and libpq: `postgresql://postgres@/opsloom?host=/folder`."""
        return f"postgresql://{self._address()}"

    @property
    def url(self) -> str:
        """For SQLAlchemy: the same with `postgresql+asyncpg`."""
        return f"postgresql+asyncpg://{self._address()}"

    @property
    def pid(self) -> int:
        """The process id of PostgreSQL itself."""
        return self._up().pid

    def start(self) -> None:
        """Start PostgreSQL, or join the one that runs. Raises `StartupError` in words for whoever started us."""
        try:
            self._make_folder()
            self._locks = FolderLocks(self.data_dir)
            if self._exclusive:
                self._locks.take_serve()
            with self._locks.starting(lambda: self._progress("Waiting for another process that starts the database")):
                self._locks.take_use()
                self._bring_up()
        except OSError as error:
            self._release()
            raise self._explain(error) from error
        except BaseException:
            self._release()
            raise

    def stop(self) -> None:
        """Leave; the last one stops PostgreSQL. Harmless when called again."""
        if self._locks is None:
            return
        try:
            if self._cluster is not None:
                with self._locks.starting():
                    if self._locks.last():
                        self._cluster.stop()
        finally:
            self._release()

    async def __aenter__(self) -> Self:
        work = asyncio.create_task(asyncio.to_thread(self.start), name="start postgres")
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            # The thread cannot be interrupted: let it finish, then undo it, so that nothing is left running.
            await asyncio.wait([work])
            if work.exception() is None:
                await asyncio.to_thread(self.stop)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        work = asyncio.create_task(asyncio.to_thread(self.stop), name="stop postgres")
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise

    def _bring_up(self) -> None:
        data = self.data_dir / "pg18"
        account = Account.for_data(data)
        cluster = Cluster.at(data, programs(account, self.data_dir), account)
        if not cluster.exists():
            self._progress("Creating the database (first start)")
            cluster.create(durable=self._settings.get("fsync") != "off")
        self._found = running(data)
        if self._found is None:
            self._progress("Starting the database")
            cluster.start(self._settings)
            self._found = running(data)
        self._cluster = cluster
        if self._found is None:
            raise StartupError(f"The database in {data} ended right after its start.", f"See {data / 'log'}.")

    def _make_folder(self) -> None:
        if sys.platform == "win32":
            raise StartupError(
                "There is no built-in PostgreSQL on Windows.", "Set DATABASE_URL to a PostgreSQL server."
            )
        if not self.data_dir.exists():
            # Root's PostgreSQL runs as another account, which has to pass through; what lies in it is closed by itself.
            self.data_dir.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
        if not self.data_dir.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a folder", str(self.data_dir))
        if not os.access(self.data_dir, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "not writable", str(self.data_dir))

    def _release(self) -> None:
        if self._locks is not None:
            self._locks.release()
        self._locks = self._cluster = self._found = None

    def _explain(self, error: OSError) -> StartupError:
        match error.errno:
            case errno.ENOSPC | errno.EDQUOT:
                return StartupError(
                    f"The disk that holds the data folder {self.data_dir} is full.",
                    "Free some space there, or set OPSLOOM_DATA_DIR to a folder on another disk.",
                )
            case errno.EACCES | errno.EPERM | errno.EROFS:
                return StartupError(
                    f"The data folder {self.data_dir} is not writable.",
                    "Give yourself the right to write there, or set OPSLOOM_DATA_DIR to another folder.",
                )
            case errno.ENOTDIR | errno.EEXIST:
                return StartupError(
                    f"The data folder {self.data_dir} is, or lies in, something that is not a folder.",
                    "Set OPSLOOM_DATA_DIR to a folder.",
                )
        return StartupError(
            f"The data folder {self.data_dir} cannot be used: {error.strerror or error}.",
            "Set OPSLOOM_DATA_DIR to another folder.",
        )

    def _up(self) -> PidFile:
        if self._found is None:
            raise RuntimeError("EmbeddedPostgres is not started")
        return self._found

    def _address(self) -> str:
        found = self._up()
        port = "" if found.port == 5432 else f"&port={found.port}"
        return f"postgres@/{DATABASE}?host={quote(found.socket_dir)}{port}"
