"""The benchmark runs from end to end, with a few pages."""

import shutil
import sys
from contextlib import closing
from pathlib import Path

import bench
import pytest
from bench_ladder import STEPS, ladder
from bench_peers import peers
from bench_web import SITES, folder_pages, served, written_pages
from golden import FOLDER

from crawler import database


@pytest.mark.slow
def test_what_is_served_is_fetched_and_read_by_every_step_and_by_peers(tmp_path: Path) -> None:
    with served(folder_pages(FOLDER), SITES) as web:
        bare, archived = ladder(web, tmp_path, fetch_only=True)
        for name, step in STEPS.items():
            path = tmp_path / f"{name}.db"
            shutil.copyfile(tmp_path / "fetched.db", path)
            with closing(database.private(path)) as db:
                step(db)
                (stored,) = db.execute("SELECT count(*) FROM articles").fetchone()
        missing, also, theirs = peers(web, sys.executable, tmp_path)
    assert (bare.pages, archived.pages) == (SITES, SITES)
    assert stored > SITES / 2
    assert missing.line(1) == "news-please is not installed there: left out"
    assert also.run is None
    assert theirs.run
    assert theirs.run.pages / 2 < theirs.texts <= theirs.run.pages


def test_too_few_pages_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--count", "7"])
    assert f"there are {SITES} sites" in capsys.readouterr().err


def test_a_folder_without_pages_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        bench.main(["--pages", str(tmp_path)])
    assert f"{tmp_path}: no *.html below it" in capsys.readouterr().err


def test_more_articles_than_feeds_can_name_are_on_more_sites() -> None:
    with served(written_pages()[:1], 100_000) as web:
        assert (web.sites, web.count) == (100, 100_000)
        assert len({*web.urls()}) == 100_000
