"""`opsloom serve` that cannot start: words, code 1, no traceback."""

import subprocess
from pathlib import Path

from conftest import free_port
from house.commands import opsloom, refused


def test_a_data_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = opsloom("serve", PORT=str(free_port()), OPSLOOM_DATA_DIR=str(tmp_path / "file"))
    refused(done, str(tmp_path / "file"), "OPSLOOM_DATA_DIR")


def test_a_database_that_does_not_answer_is_said_without_its_password() -> None:
    address = "postgresql://me:hunter2hunter2@127.0.0.1:1/db"
    done = opsloom("serve", PORT=str(free_port()), DATABASE_URL=address)
    refused(done, "Nothing answers as PostgreSQL", "127.0.0.1:1")
    assert "hunter2" not in done.stdout + done.stderr


def test_a_second_server_on_the_folder_is_told_of_the_first(
    folder: Path, served: tuple[subprocess.Popen[str], int]
) -> None:
    done = opsloom("serve", OPSLOOM_DATA_DIR=str(folder), PORT=str(free_port()))
    refused(done, str(folder), f"process {served[0].pid}")
