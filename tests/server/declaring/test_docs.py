"""What docs/assistants-as-code.md shows can be applied as it stands there."""

import re
from pathlib import Path
from typing import Any

from opsloom_server.declarations.templates import templates
from server.declaring.conftest import Opsloom

PAGE = (Path(__file__).parents[3] / "docs" / "assistants-as-code.md").read_text()


def test_the_examples_can_be_applied_together(opsloom: Opsloom, tmp_path: Path, monkeypatch: Any) -> None:
    blocks = re.findall(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S)
    assert len(blocks) == 5
    (tmp_path / "all.yaml").write_text("---\n".join(blocks))
    (tmp_path / "handbook").mkdir()
    for name in ("support.md", "prices.md", "handbook/hours.md"):
        (tmp_path / name).write_text(f"# {name}\n\nText.")
    monkeypatch.setenv("WAREHOUSE_URL", "postgresql://reader:x@db.internal/warehouse")
    monkeypatch.setenv("TIME_LEVEL", "1")
    done = opsloom("apply", tmp_path / "all.yaml", "--dry-run")
    assert (done.exit_code, "it would be: 5 made" in done.stdout) == (0, True), done.stderr


def test_every_template_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `([a-z-]+)` \|", PAGE, flags=re.M)) == set(templates())
