"""The pages about sources are right: every kind has one, and every block of settings in it loads as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from etl.config import KINDS, load_settings

DOCS = Path(__file__).parents[2] / "docs" / "sources"
PAGES = sorted(page for page in DOCS.glob("*.md") if page.name != "README.md")
BLOCK = re.compile(r"^```toml\n(.*?)^```", re.DOTALL | re.MULTILINE)
SITE = '[site]\nname = "Here"\ntime_zone = "Europe/Tallinn"\n\n'
BLOCKS = [
    pytest.param(block, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, block in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), start=1)
]


def whole(block: str) -> str:
    """A block as a settings file: with a site, and with the log that some sources stand beside."""
    text = block if "[site]" in block else SITE + block
    named = set(re.findall(r'queue_log_source = "(.*?)"', text))
    here = set(re.findall(r'^name = "(.*?)"', text, re.MULTILINE))
    for name in sorted(named - here):
        text += f'\n[[sources]]\nname = "{name}"\nkind = "asterisk_queue_log"\npath = "queue_log"\nevery_seconds = 5\n'
    return text


@pytest.mark.parametrize("block", BLOCKS)
def test_every_block_of_settings_loads(block: str, tmp_path: Path) -> None:
    file = tmp_path / "floorboard.toml"
    file.write_text(whole(block), encoding="utf-8")
    assert load_settings(file).sources


def test_every_kind_of_source_has_a_page() -> None:
    shown = {
        kind
        for page in PAGES
        for kind in re.findall(r'^kind = "(.*?)"', page.read_text(encoding="utf-8"), re.M)
    }
    assert shown == KINDS.keys()


def test_the_readme_leads_to_every_page() -> None:
    readme = (DOCS.parents[1] / "README.md").read_text(encoding="utf-8")
    missing = [page.name for page in PAGES if f"docs/sources/{page.name}" not in readme]
    assert missing == []


def test_the_page_of_all_sources_leads_to_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if f"]({page.name})" not in index] == []
