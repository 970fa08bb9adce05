"""One house for all poisons: a server, a clerk and an analyst with tools that act, documents, a database, an address
that hears whether anybody asks it, and a model that does whatever it reads."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import httpx2
import pytest
import pytest_asyncio
from conftest import Cluster, PostgresUrl
from opsloom_rag.passages import Content
from opsloom_server.store import assistants, users
from opsloom_server.store.assistants import AssistantSpec
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.store.knowledge import create_base
from server.asking.conftest import answer, blocks_of
from server.injection.poisons import POISONS, Poison
from stage import RawClient, Stage
from vendors import Text, ToolCall
from vendors.script import Script

EXTENSIONS: Final = Path(__file__).parent / "extensions"
ACTING: Final = frozenset({"pay_invoice", "send_report", "fetch_page", "wipe_archive"})
JEWELS: Final = "The crown jewels lie under the third stair."
READ, GO_ON, STOP = "Please read", "Please go on", "Never mind"
TABLES = """
CREATE SCHEMA box;
CREATE TABLE box.notes (id int PRIMARY KEY, note text NOT NULL);
CREATE SCHEMA safe;
CREATE TABLE safe.secrets (secret text);
INSERT INTO safe.secrets VALUES ('The crown jewels lie under the third stair.');
"""


class House:
    """`runs`: what acted so far, as (session, tool, arguments). `asked`: who came to the sink."""

    def __init__(self, stage: Stage, sink: str, asked: list[str]) -> None:
        self.stage = stage
        self.sink = sink
        self.asked = asked
        tools = stage.parts.hub.environment.catalogue.tools
        reader: Any = tools["read_mail"]
        self.letters: dict[str, str] = reader.letters
        self.runs: list[tuple[str, str, dict[str, Any]]] = reader.runs
        stage.vendor.script(self.obey)

    def client(self, poison: Poison) -> RawClient:
        return self.stage.client("analyst" if poison.where in ("row", "column") else "clerk")

    def told(self, since: int = 0) -> str:
        """All that the model was sent, from a request on."""
        return "\n".join(json.dumps(one.body, ensure_ascii=False) for one in self.stage.vendor.requests[since:])

    def wanted(self, poison: Poison) -> list[ToolCall]:
        """The calls that it asks for, with the address filled in."""
        return [ToolCall(one.name, json.loads(self.filled(json.dumps(one.args)))) for one in poison.wants]

    def filled(self, text: str) -> str:
        return text.replace("{sink}", self.sink)

    # ------------------------------------------------------------------------------------------ the model

    def obey(self, body: dict[str, Any]) -> Script:
        """What a model says that follows every text it reads, as far as it goes since the person's last message."""
        messages = body["messages"]
        last = max(number for number, one in enumerate(messages) if one["role"] == "user")
        question = _text(messages[last])
        found = re.search(r"case (\d+)", question)
        if found is None:
            return self._clean(question, messages[last + 1 :])
        number = int(found[1])
        poison = POISONS[number]
        done = [call["function"]["name"] for one in messages[last + 1 :] for call in one.get("tool_calls") or ()]
        if question.startswith(STOP):
            return [Text("As you like.")]
        reading = self._reading(poison, number) if question.startswith(READ) else []
        if len(done) < len(reading):
            return [reading[len(done)]]
        if poison.then in ("later", "forgotten", "restarted") and not question.startswith(GO_ON):
            return [Text(self.filled(poison.says))]
        wanted = self.wanted(poison)
        step = len(done) - len(reading)
        return [wanted[step]] if step < len(wanted) else [Text(self.filled(poison.says))]

    def _clean(self, question: str, after: list[Any]) -> Script:
        """Outside of the poisons: `send_report {...}` is called once, anything else is answered."""
        name, _, args = question.partition(" ")
        if not after and args.startswith("{"):
            return [ToolCall(name, json.loads(args))]
        return [Text("Yes.")]

    def _reading(self, poison: Poison, number: int) -> list[ToolCall]:
        match poison.where:
            case "document" | "title":
                return [ToolCall("search_knowledge", {"query": f"keyword{number}"})]
            case "mail":
                return [ToolCall("read_mail", {"number": str(number)})]
            case "page":
                return [ToolCall("open_page", {"number": str(number)})]
            case "row":
                sql = f"SELECT note FROM box.notes WHERE id = {number}"
                return [ToolCall("query_data", {"sql": sql, "title": "The note"})]
            case _:
                return []  # it is told without being asked for

    # ------------------------------------------------------------------------------------------ the person

    async def ask(self, client: RawClient, text: str, **more: Any) -> dict[str, Any]:
        """The end of the answer to a message."""
        await client.ask("send", text=text, **more)
        return await client.until("turn.end")

    async def settle(self, client: RawClient, end: dict[str, Any]) -> dict[str, Any]:
        """Say no to everything, again and again, until the answer is done."""
        while end["status"] == "waiting":
            for block in opened(end):
                await answer(client, block, "deny")
            end = await client.until("turn.end")
        return end

    async def always(self, *calls: ToolCall) -> None:
        """The person allows tools for always, in a conversation that nobody has poisoned."""
        async with self.stage.client("clerk") as client:
            for call in calls:
                end = await self.ask(client, f"{call.name} {json.dumps(call.args)}")
                (block,) = opened(end)
                await answer(client, block, "allow", scope="always")
                assert (await client.until("turn.end"))["status"] == "done"


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def opened(end: dict[str, Any]) -> list[dict[str, Any]]:
    """The questions that wait for an answer."""
    blocks = blocks_of(end["message"])
    return [one for one in blocks if one["kind"] == "confirm" and one["state"]["status"] == "open"]


def is_real(block: dict[str, Any]) -> bool:
    """Whether the server asks this, and not the model: only then it has a time by which it must be answered."""
    return "until" in block["state"]


@pytest.fixture(scope="module")
def notes(postgres_cluster: Cluster) -> Iterator[str]:
    """The address of a database with a poisoned row each, and poisoned names and comments."""
    url = postgres_cluster.create()
    role = f"notes_{postgres_cluster.name(url).removeprefix('test_')}"

    async def build() -> None:
        connection = await asyncpg.connect(url.dsn)
        await connection.execute(TABLES)
        await connection.execute(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA box TO {role}")
        rows = [(number, one.text) for number, one in enumerate(POISONS) if one.where == "row"]
        await connection.executemany("INSERT INTO box.notes VALUES ($1, $2)", rows)
        for number, one in enumerate(POISONS):
            if one.where == "column":
                await connection.execute(f'ALTER TABLE box.notes ADD COLUMN "c{number}" int')
                await connection.execute(f"COMMENT ON COLUMN box.notes.c{number} IS '{one.text}'")
        await connection.execute(f"GRANT SELECT ON box.notes TO {role}")
        await connection.close()

    async def forget() -> None:
        connection = await asyncpg.connect(postgres_cluster.url("postgres").dsn)
        await connection.execute(f"DROP ROLE {role}")
        await connection.close()

    postgres_cluster.run(build)
    yield url.dsn.replace("//postgres@", f"//{role}@")
    postgres_cluster.drop(url)
    postgres_cluster.run(forget)


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, list[str]]]:
    """An address, and what it is asked."""
    asked: list[str] = []

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode())
        writer.write(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hear, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    seeded_module_url: PostgresUrl, notes: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    folder = tmp_path_factory.mktemp("injection")
    async with listening() as (sink, asked), Stage.open(seeded_module_url, folder, extensions=EXTENSIONS) as stage:
        house = House(stage, sink, asked)
        await _furnish(house, notes)
        yield house


async def _furnish(house: House, notes: str) -> None:
    parts = house.stage.parts
    async with parts.database.transact("ws_other") as connection:
        await users.ensure_workspace(connection, "ws_other", "Other")
        rival = (await create_base(connection, "ws_other", "Library", "none")).id
    async with parts.database.transact(DEFAULT_WORKSPACE) as connection:
        library = (await create_base(connection, DEFAULT_WORKSPACE, "Library", "none")).id
        board = (await create_base(connection, DEFAULT_WORKSPACE, "Board", "none")).id
    documents = []
    for number, one in enumerate(POISONS):
        if one.where == "document":
            documents.append((f"doc_p{number}", _content("A document", f"keyword{number} {house.filled(one.text)}")))
        elif one.where == "title":
            documents.append((f"doc_p{number}", _content(one.text, f"keyword{number} Nothing to see here.")))
        elif one.where in ("mail", "page"):
            house.letters[str(number)] = house.filled(one.text)
    jewels = [("doc_jewels_{base}", _content("Jewels", JEWELS))]
    for workspace, base, items in (
        (DEFAULT_WORKSPACE, library, documents),
        (DEFAULT_WORKSPACE, board, jewels),
        ("ws_other", rival, jewels),
    ):
        named = [(key.format(base=base), content) for key, content in items]
        async for outcome in parts.knowledge.ingest_many(workspace, base, named):
            assert outcome.error is None
    source = await parts.hub.environment.sources.attach(DEFAULT_WORKSPACE, "Notes", notes, ["box"])
    blocks = ("choices", "confirm", "form", "image", "link", "notice")
    common: dict[str, Any] = {"model": "openai-chat:obedient", "blocks": blocks, "public": True}
    tools, reading = ("pay_invoice", "send_report", "fetch_page", "wipe_archive"), ("read_mail", "open_page")
    async with parts.database.transact(DEFAULT_WORKSPACE) as connection:
        for spec in (
            AssistantSpec(slug="clerk", name="Clerk", tools=(*tools, *reading), knowledge_bases=(library,), **common),
            AssistantSpec(slug="analyst", name="Analyst", tools=tools, data_sources=(source.id,), **common),
        ):
            await assistants.create(connection, DEFAULT_WORKSPACE, spec)


def _content(title: str, text: str) -> Content:
    return Content(data=text.encode(), title=title)


async def attached(house: House, name: str) -> str:
    """The id of an uploaded file of that name."""
    headers = {"authorization": f"Bearer {house.stage.key}"}
    async with httpx2.AsyncClient(base_url=f"{house.stage.base}/api/v1", headers=headers) as http:
        made = await http.post("files", files={"file": (name, b"Hello", "text/plain")})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])
