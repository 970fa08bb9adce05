"""docs/ keeps up with the code: every setting is on the page about configuration, and every link leads somewhere."""

import re
from pathlib import Path

import pytest
from opsloom_server.settings import Limits, Settings
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
READMES = [ROOT / "README.md", *(ROOT / room / "README.md" for room in ("protocol", "blocks", "rag", "server"))]


def variable(name: str, field: FieldInfo, prefix: str) -> str:
    alias = field.validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"{prefix}{name}".upper()


def test_every_setting_is_described() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text()
    described = set(re.findall(r"`([A-Z][A-Z_]*[A-Z])`", text))
    settings = {variable(name, field, "OPSLOOM_") for name, field in Settings.model_fields.items() if name != "limits"}
    limits = {variable(name, field, "OPSLOOM_LIMIT_") for name, field in Limits.model_fields.items()}
    assert settings | limits <= described
    assert {name for name in described if name.startswith("OPSLOOM_")} <= settings | limits
    for name, field in Limits.model_fields.items():
        assert f"| `OPSLOOM_LIMIT_{name.upper()}` | {field.default}" in text


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.M | re.S)  # code is no prose
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in link:
            assert (page.parent / link.partition("#")[0]).exists(), link


def test_every_page_is_reached_from_the_first() -> None:
    seen, ahead = set(), ["index.md"]
    while ahead:
        page = ahead.pop()
        if page not in seen:
            seen.add(page)
            ahead += re.findall(r"\]\(([a-z-]+\.md)(?:#[^)]*)?\)", (ROOT / "docs" / page).read_text())
    assert seen == {page.name for page in PAGES}
