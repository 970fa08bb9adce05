"""From declarations to what has to be done, and doing it: everything is looked at before anything is written."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from opsloom_rag.knowledge import Knowledge

from opsloom_server.auth import secret
from opsloom_server.cli.database import opened
from opsloom_server.cli.resources import KINDS
from opsloom_server.cli.resources.kind import WORKSPACE, Change, Kind, World, name_of
from opsloom_server.cli.resources.mcp_server import offers
from opsloom_server.declarations import Declared, Mistake, Mistakes, nearest
from opsloom_server.errors import Invalid, OpsloomError
from opsloom_server.fetching import Caller
from opsloom_server.mcp import McpServers
from opsloom_server.settings import Settings
from opsloom_server.sources import Bounds, DataSources
from opsloom_server.store.embedded import data_folder
from opsloom_server.tools.http import HttpTools
from opsloom_server.tools.registry import load_catalogue
from opsloom_server.tools.secrets import Secrets

__all__ = ["carry_out", "made", "plan", "world_of"]


@asynccontextmanager
async def world_of(settings: Settings) -> AsyncIterator[World]:
    """What kinds work with, on the database of these settings; beside a running server too."""
    async with opened(settings) as database:
        knowledge: list[Knowledge] = []
        sources: list[DataSources] = []

        async def get_knowledge() -> Knowledge:
            if not knowledge:
                knowledge.append(await Knowledge.open(database.transact, settings.embedder))
            return knowledge[0]

        def get_sources() -> DataSources:
            if not sources:
                limits = settings.limits
                bounds = Bounds(limits.query_seconds, limits.query_cost)
                sources.append(DataSources(database, _secret(settings), bounds, settings.sqlite_folders))
            return sources[0]

        catalogue = load_catalogue(settings.extensions)
        servers: list[McpServers] = []

        def get_tools() -> HttpTools:
            # Their secrets are looked for by name and never opened here.
            secrets = Secrets(database, b"")
            return HttpTools(database, Caller(settings.fetch_networks), secrets, catalogue.tools)

        def get_servers() -> McpServers:
            if not servers:
                servers.append(
                    McpServers(
                        database,
                        _secret(settings),
                        commands=settings.mcp_commands,
                        networks=settings.fetch_networks,
                        files=data_folder(settings.data_dir) / "files",
                        reserved=list(catalogue.tools),
                    )
                )
            return servers[0]

        world = World(
            settings=settings,
            database=database,
            catalogue=catalogue,
            knowledge=get_knowledge,
            sources=get_sources,
            tools=get_tools,
            servers=get_servers,
        )
        async with database.transact(WORKSPACE) as connection:
            for kind in KINDS:
                world.names[kind.name] = set(await kind.names(connection))
            world.offers = await offers(connection)
        try:
            yield world
        finally:
            for one in servers:
                await one.close()


def _secret(settings: Settings) -> bytes:
    """What addresses are sealed with. On another machine than the server's it has to be given: one made here would seal
    what the server cannot open."""
    given = settings.secret.get_secret_value() if settings.secret is not None else None
    folder = data_folder(settings.data_dir)
    if given is None and settings.database_url is not None and not (folder / "secret").is_file():
        raise Invalid(
            "A data source's address is sealed with the server's secret, and this machine does not have it: set "
            "OPSLOOM_SECRET to the server's, or OPSLOOM_DATA_DIR to its data folder."
        )
    return secret.load(given, folder)


async def plan(declarations: Sequence[Declared], world: World) -> list[Change]:
    """What each declaration asks for, in the order in which it is done. Raises `Mistakes` with all of them."""
    sound, mistakes = _sound(declarations)
    of_kind = {kind.name: [one for one in sound if one.kind == kind.name] for kind in KINDS}
    for kind in KINDS:
        world.names[kind.name] |= {name for one in of_kind[kind.name] if (name := name_of(kind, one.fields))}
    # What a server that is only now declared offers is known when it is attached.
    world.declared_servers = {str(one.fields["name"]) for one in of_kind["mcp_server"]}
    changes: list[Change] = []
    for kind in KINDS:
        for declared in of_kind[kind.name]:
            try:
                changes.append(await kind.plan(declared, world))
            except Mistakes as error:
                mistakes += error.mistakes
            except Invalid as error:
                mistakes.append(declared.mistake(error.text))
    if mistakes:
        raise Mistakes(sorted(mistakes, key=_place))
    return changes


def _place(mistake: Mistake) -> tuple[str, int]:
    file, _, line = mistake.where.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def _sound(declarations: Sequence[Declared]) -> tuple[list[Declared], list[Mistake]]:
    """Those of a known kind that have a name, once; and what is wrong with the others."""
    kinds: dict[str, Kind] = {kind.name: kind for kind in KINDS}
    sound: list[Declared] = []
    mistakes: list[Mistake] = []
    seen: dict[tuple[str, str], str] = {}
    for one in declarations:
        kind = kinds.get(one.kind)
        if kind is None:
            mistakes.append(one.mistake(f"there is no kind `{one.kind}`{nearest(one.kind, kinds)}", "kind"))
            continue
        name = name_of(kind, one.fields)
        if name is None:
            # A field that was meant to be it says more than that it is missing.
            wrong = [field for field in one.fields if field not in kind.fields]
            if wrong:
                words = f"`{wrong[0]}` is no field of {kind.noun}{nearest(wrong[0], kind.fields)}"
                mistakes.append(one.mistake(words, wrong[0]))
            else:
                mistakes.append(one.mistake(f"{kind.noun} needs a `{kind.key}`, a text.", kind.key))
            continue
        if (first := seen.get((one.kind, name))) is not None:
            mistakes.append(one.mistake(f"{kind.noun} `{name}` is declared a second time; first at {first}.", kind.key))
            continue
        seen[one.kind, name] = one.at(kind.key)
        sound.append(one)
    return sound, mistakes


async def carry_out(changes: Sequence[Change], world: World, say: Callable[[str], None]) -> list[str]:
    """Do what is to be done; gives what could not be done at the end, in words. Where it raises, the transaction of
    assistants and knowledge bases was not committed."""
    todo = [change for change in changes if not change.idle]
    for change in todo:
        if change.prepare is not None:
            try:
                await change.prepare()
            except OpsloomError as error:
                raise Invalid(f"{change.kind} {change.name}: {error.text}") from error
    async with world.database.transact(WORKSPACE) as connection:
        for change in todo:
            if change.store is not None:
                await change.store(connection)
    failures: list[str] = []
    for change in todo:
        if change.finish is not None:
            failures += await change.finish(say)
    return failures


def made(changes: Sequence[Change]) -> str:
    """The summary: "1 made, 2 changed, 4 as they were"."""
    counts = Counter("made" if one.new else "as they were" if one.idle else "changed" for one in changes)
    return ", ".join(f"{counts[word]} {word}" for word in ("made", "changed", "as they were") if counts[word])
