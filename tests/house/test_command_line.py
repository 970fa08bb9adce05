"""The command line: what it says when something is wrong, and where it says it."""

import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psutil
import pytest
from conftest import PostgresUrl, free_port
from house.commands import opsloom, refused


def test_help_teaches_by_examples() -> None:
    done = opsloom("--help")
    assert done.returncode == 0
    assert "opsloom serve" in done.stdout
    for command in ("serve", "ask", "ingest", "doctor", "chat"):
        assert "opsloom" in opsloom(command, "--help").stdout


def test_help_imports_neither_the_server_nor_the_database() -> None:
    program = "import sys\nfrom opsloom_server.cli.application import application\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {"sqlalchemy", "starlette", "fastapi", "pydantic_ai", "asyncpg", "numpy", "opsloom_server.app"}
    assert heavy.isdisjoint(done.stdout.split())


def test_a_port_in_use_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = opsloom("serve", PORT=port, OPSLOOM_DATA_DIR=str(tmp_path / "data"))
    refused(done, f"127.0.0.1:{port} cannot be listened on", "PORT=")
    assert not (tmp_path / "data").exists()


def test_a_data_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = opsloom("migrate", OPSLOOM_DATA_DIR=str(tmp_path / "file"))
    refused(done, str(tmp_path / "file"), "OPSLOOM_DATA_DIR")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mysql://me:hunter2hunter2@127.0.0.1/db", ("PostgreSQL",)),
        ("postgresql://me:hunter2hunter2@127.0.0.1:1/db", ("Nothing answers as PostgreSQL", "127.0.0.1:1")),
        ("not an address hunter2hunter2", ("DATABASE_URL",)),
    ],
)
def test_a_wrong_database_address_is_said_without_its_password(address: str, words: tuple[str, ...]) -> None:
    done = opsloom("migrate", DATABASE_URL=address)
    refused(done, *words)
    assert "hunter2" not in done.stdout + done.stderr


def test_a_database_that_is_not_there(postgres_url: PostgresUrl) -> None:
    gone = re.sub(r"/test_\w+", "/nowhere", postgres_url.dsn)
    refused(opsloom("migrate", DATABASE_URL=gone), "There is no database nowhere", "CREATE DATABASE nowhere")


def test_a_wrong_setting_is_named() -> None:
    refused(opsloom("serve", PORT="many"), "PORT is not usable")
    refused(opsloom("serve", OPSLOOM_PUBLIC_URL="chat.example"), "OPSLOOM_PUBLIC_URL")


def test_a_server_that_is_not_there() -> None:
    done = opsloom("ask", "hello", "--url", f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 2
    assert "opsloom serve" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_user_without_a_home_may_ask() -> None:
    done = opsloom("ask", "hello", "--url", f"http://127.0.0.1:{free_port()}", HOME="none", XDG_STATE_HOME="none")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_key_is_printed_alone_beside_a_running_server(
    folder: Path, served: tuple[subprocess.Popen[str], int]
) -> None:
    _, port = served
    done = opsloom("key", "create", "ci", "--role", "owner", OPSLOOM_DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    key = done.stdout.removesuffix("\n")
    assert re.fullmatch(r"opsk_default_[0-9a-f]{64}", key)
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/me", headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert b'"owner"' in answer.read()


def test_doctor_prints_the_address_last_beside_a_running_server(
    folder: Path, served: tuple[subprocess.Popen[str], int]
) -> None:
    done = opsloom("doctor", "--dsn", OPSLOOM_DATA_DIR=str(folder), PORT=str(served[1]))
    assert done.stdout.splitlines()[-1].startswith("postgresql://postgres@/opsloom?host=")
    assert "PostgreSQL 18" in done.stdout
    assert served[0].poll() is None


def test_the_server_opens_as_many_files_as_it_may(served: tuple[subprocess.Popen[str], int]) -> None:
    soft, hard = psutil.Process(served[0].pid).rlimit(psutil.RLIMIT_NOFILE)
    assert soft == hard


def test_ask_answers_from_the_documentation(served: tuple[subprocess.Popen[str], int]) -> None:
    done = opsloom("ask", "How do I embed the chat on my website?", "--url", f"http://127.0.0.1:{served[1]}")
    assert done.returncode == 0, done.stderr
    assert "/widget.js" in done.stdout
    assert "[1]" in done.stdout + done.stderr


def test_ingest_reads_a_folder_and_names_what_it_cannot_read(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text("# Opening hours\n\nWe open at nine and close at five.")
    (tmp_path / "picture.md").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / ".hidden.md").write_text("not this")
    done = opsloom("ingest", str(tmp_path), "--knowledge-base", "shop", OPSLOOM_DATA_DIR=str(folder))
    refused(done, "picture.md", "image", "1 of 2 documents")
    again = opsloom("ingest", str(tmp_path / "good.md"), "-k", "shop", OPSLOOM_DATA_DIR=str(folder))
    assert again.returncode == 0, again.stderr
    refused(opsloom("ingest", str(tmp_path / "absent"), "-k", "shop"), "no document at")
