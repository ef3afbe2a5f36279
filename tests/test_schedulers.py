"""The files of `tamis schedule`: each is run by what it is for, as far as a machine has that."""

import json
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from web import RSS, Answer, Web, article, feed, record

from crawler import config, schedulers
from crawler.cli import main as tamis
from crawler.errors import ConfigError

ROOT = Path(__file__).parent.parent

# What systemd, cron and shells each would take for something else.
FOLDER = "été à 100 % $HOME"
TOML = """
[files]
published = "public/news.db"
[feeds]
out = "public/feeds"
[schedule]
at = "05:07"
[daily]
hours = 2.5
[[exports]]
query = "q=loyer"
out = "data/exports/loyer.csv"
"""
# What cron gives a job, and GitHub's runners a step: crontab(5); "bash -e" where no shell is named.
BARE = {"SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "LOGNAME": "operator"}
# Where there are several checkouts: that of these tests.
THIS = {"PYTHONPATH": str(ROOT)}
STEP = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c"]


@pytest.fixture(name="job")
def _job(tmp_path: Path) -> schedulers.Installation:
    """An installation in an ill-named folder; its `tamis` says where and how it was called."""
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / "tamis.toml").write_text(TOML, encoding="utf-8")
    program = folder / "tamis"
    program.write_text('#!/bin/sh\npwd\nprintf "%s\\n" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    found = schedulers.installation(config.load(folder / "tamis.toml"))
    return schedulers.Installation(
        command=(str(program), *found.command[-4:]), config=found.config, user=found.user,
        writes=found.writes, keeps=found.keeps, at=found.at, hours=found.hours,
    )  # fmt: skip


def written(job: schedulers.Installation, folder: Path) -> dict[str, Path]:
    """All files of all schedulers, by name."""
    return {
        path.name: path
        for name in schedulers.SCHEDULERS
        for path in schedulers.save(schedulers.written(name, job), folder)
    }


def test_the_job_is_described_by_tamis_toml(job: schedulers.Installation) -> None:
    folder = job.config.parent
    assert job.config == folder / "tamis.toml"
    assert job.command[1:] == ("--config", str(job.config), "daily", "--quiet")
    assert (job.user, job.at, job.hours) == (folder.owner(), "05:07", 2.5)
    assert job.writes == (folder / "data", folder / "public")
    assert {str(path.relative_to(folder)) for path in job.keeps} == {
        "data/tamis.db", "data/tamis.db-wal", "public/news.db", "public/snapshots",
        "data/reports", "public/feeds", "data/exports/loyer.csv",
    }  # fmt: skip


def test_without_tamis_toml_there_is_nothing_to_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"no tamis\.toml in this folder: `tamis init`"):
        schedulers.installation(config.load())


def test_every_template_is_filled_and_every_value_used(job: schedulers.Installation) -> None:
    templates = {path.name: path.read_text("utf-8")
                 for path in (files("crawler.schedulers") / "templates").iterdir()}  # fmt: skip
    used = {template for names in schedulers.SCHEDULERS.values() for template in names.values()}
    assert templates.keys() == used
    placed = {name for text in templates.values() for name in schedulers.PLACEHOLDER.findall(text)}
    assert placed == schedulers._values(job).keys()
    for name in schedulers.SCHEDULERS:
        for text in schedulers.written(name, job).values():
            assert not schedulers.PLACEHOLDER.search(text)


def test_a_file_that_somebody_changed_is_not_overwritten(
    job: schedulers.Installation, tmp_path: Path
) -> None:
    texts = schedulers.written("cron", job)
    (path,) = schedulers.save(texts, tmp_path)
    schedulers.save(texts, tmp_path)
    path.write_text("# mine\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"tamis\.crontab says something else: move it away"):
        schedulers.save(texts, tmp_path)
    assert path.read_text(encoding="utf-8") == "# mine\n"


def test_the_command_prints_the_files_or_writes_them(
    job: schedulers.Installation, tmp_path: Path
) -> None:
    told = ["--config", str(job.config), "schedule"]
    printed = CliRunner().invoke(tamis, [*told, "cron"])
    assert (printed.exit_code, printed.output.count(" daily --quiet\n")) == (0, 1)
    printed = CliRunner().invoke(tamis, [*told, "github", "--out", str(tmp_path / "repository")])
    assert printed.exit_code == 0
    place = tmp_path / "repository/.github/workflows/tamis.yml"
    assert printed.output.startswith(f"{place}: ")
    assert yaml.safe_load(place.read_text("utf-8"))["name"] == "tamis"


# systemd.


@pytest.fixture(name="units")
def _units(job: schedulers.Installation, tmp_path: Path) -> list[str]:
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze here")
    paths = schedulers.save(schedulers.written("systemd", job), tmp_path / "units")
    return [str(path) for path in paths]


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *arguments], capture_output=True, text=True, check=False
    )


def test_systemd_finds_nothing_to_say_of_the_units(units: list[str]) -> None:
    ran = analyze("verify", "--man=no", *units)
    # A machine's own units may have faults.
    said = [line for line in ran.stderr.splitlines() if "tamis" in line]
    assert (ran.returncode, said) == (0, [])


def test_systemd_would_say_if_the_program_were_not_where_the_unit_says(
    job: schedulers.Installation, units: list[str]
) -> None:
    Path(job.command[0]).rename(job.config.parent / "gone")
    assert "is not executable" in analyze("verify", "--man=no", *units).stderr


def test_the_service_may_do_little(units: list[str]) -> None:
    ran = analyze("security", "--offline=true", "--threshold=25", units[0])
    assert ran.returncode == 0, ran.stdout  # exposure of 2.5 of 10 at most
    assert "OK" in ran.stdout


def test_the_timer_means_every_day_at_that_time(units: list[str]) -> None:
    (when,) = re.findall(r"OnCalendar=(.+)", Path(units[1]).read_text("utf-8"))
    ran = analyze("calendar", "--iterations=2", when)
    assert ran.returncode == 0
    assert len(re.findall(r"05:07:00", ran.stdout)) >= 2


# cron.


def by_cron(
    job: schedulers.Installation, environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    """As cron does: five times, then a command for sh, in the home folder."""
    (text,) = schedulers.written("cron", job).values()
    (line,) = (line for line in text.splitlines() if line and not line.startswith("#"))
    *_, command = line.split(maxsplit=5)
    # What is behind a % that no \\ precedes would be its input.
    assert not re.search(r"(?<!\\)%", command)
    return subprocess.run(
        ["/bin/sh", "-c", command.replace("\\%", "%")],
        cwd=environ["HOME"], env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_cron_runs_the_job_where_it_should_with_what_little_it_gives(
    job: schedulers.Installation, tmp_path: Path
) -> None:
    (text,) = schedulers.written("cron", job).values()
    assert re.findall(r"^[^#\n]\S* \S+ \S+ \S+ \S+", text, re.MULTILINE) == ["7 5 * * *"]
    ran = by_cron(job, {**BARE, "HOME": str(tmp_path)})
    assert (ran.returncode, ran.stdout.splitlines(), ran.stderr) == (
        0, [str(job.config.parent), *job.command[1:]], "",
    )  # fmt: skip


@pytest.fixture(name="real")
def _real(web: Web, tmp_path: Path) -> schedulers.Installation:
    """This installation, for one site of one article."""
    folder = tmp_path / FOLDER
    (folder / "sources").mkdir(parents=True)
    text = record("quai", web.url, f"{web.url}/feed")
    (folder / "sources" / "test.toml").write_text(text, encoding="utf-8")
    (folder / "tamis.toml").write_text(
        "[files]\nsources = 'sources'\n[crawl]\nloopback = true\ndelay = 0\nworkers = 1\n"
        "[feeds]\nout = 'feeds'\nlanguages = ['fr']\nformats = ['atom']\n",
        encoding="utf-8",
    )
    web.pages["/feed"] = Answer(feed(f"{web.url}/a"), content_type=RSS)
    web.pages["/a"] = Answer(article("Le centre rouvre", "Le centre rouvre au quai, dit-il. " * 9))
    return schedulers.installation(config.load(folder / "tamis.toml"))


@pytest.mark.slow
def test_the_line_of_cron_does_the_whole_job_and_mails_only_what_a_person_must_see(
    real: schedulers.Installation, web: Web, tmp_path: Path
) -> None:
    folder = real.config.parent
    environ = {**BARE, "HOME": str(tmp_path), **THIS}
    ran = by_cron(real, environ)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert "Le centre rouvre" in (folder / "feeds" / "fr.atom").read_text("utf-8")
    web.pages["/feed"] = Answer(b"", 500)
    with closing(sqlite3.connect(folder / "data" / "tamis.db", isolation_level=None)) as db:
        db.execute("UPDATE channels SET due = ''")
    ran = by_cron(real, environ)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "None of 1 channels gave an answer" in ran.stdout


# All is read-only but the named folders and /dev/shm, which stands for PrivateTmp.
SANDBOX = """
set -e
mount --make-rprivate /
for folder in "$@"; do mount --bind "$folder" "$folder"; done
mount -o remount,ro,bind /
cd "$FOLDER"
eval "exec $COMMAND"
"""


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="only root may mount")
def test_the_service_does_the_whole_job_where_it_may_write(
    real: schedulers.Installation, tmp_path: Path
) -> None:
    unit = schedulers.written("systemd", real)["tamis.service"]
    told = dict(re.findall(r"^(\w+)=(.*)$", unit, re.MULTILINE))
    plain = {name: value.replace("%%", "%").replace("$$", "$") for name, value in told.items()}
    (install,) = re.findall(r"^#   (mkdir .+)$", unit, re.MULTILINE)
    subprocess.run(["sh", "-c", install], check=True)
    environ = {
        **BARE, **THIS, "HOME": str(tmp_path), "TMPDIR": "/dev/shm",  # noqa: S108 (what systemd gives)
        "FOLDER": plain["WorkingDirectory"],
        "COMMAND": shlex.join(shlex.split(plain["ExecStart"])),
    }  # fmt: skip
    ran = subprocess.run(
        ["unshare", "--mount", "sh", "-c", SANDBOX, "sh", *shlex.split(plain["ReadWritePaths"])],
        env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare" in ran.stderr:
        pytest.skip("this machine lets nobody unshare")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert "Le centre rouvre" in (real.config.parent / "feeds" / "fr.atom").read_text("utf-8")


# GitHub.

GH = """#!/bin/sh
# `gh api PATH [--jq FILTER]`, as far as the workflow asks, out of $GITHUB.
case "$2" in
  */zip) cat "$GITHUB/$(basename "$(dirname "$2")").zip" ;;
  */artifacts*) jq -r "$4" "$GITHUB/artifacts.json" ;;
  *) jq -r "$4" "$GITHUB/repository.json" ;;
esac
"""
# A day's work: one line more in the database.
MAKE = """#!/bin/sh
mkdir -p .venv/bin data public/feeds
echo "$GITHUB_RUN_NUMBER" > public/page.html
cat > .venv/bin/tamis <<'END'
#!/bin/sh
echo "$*" > called
echo a day >> data/tamis.db
touch data/tamis.db.lock public/news.db
exit ${STATUS:-0}
END
chmod +x .venv/bin/tamis
"""


@dataclass
class GitHub:
    """Keeps artefacts, and runs the workflow's steps in a new checkout each time."""

    workflow: dict[Any, Any]
    folder: Path
    private: bool = True
    kept: list[dict[str, Any]] = field(default_factory=list)

    def run(self, *, anew: bool = False, status: int = 0) -> tuple[dict[str, str], str]:
        """The outcome of each step that has a name, and what was printed."""
        programs = self.folder / "bin"
        programs.mkdir(exist_ok=True)
        for name, text in (("gh", GH), ("make", MAKE)):
            (programs / name).write_text(text, encoding="utf-8")
            (programs / name).chmod(0o755)
        (self.folder / "repository.json").write_text(json.dumps({"private": self.private}))
        (self.folder / "artifacts.json").write_text(json.dumps({"artifacts": self.kept}))
        checkout = self.folder / f"checkout-{len(list(self.folder.iterdir()))}"
        checkout.mkdir()
        environ = {
            "PATH": f"{programs}:{os.environ['PATH']}", "GITHUB": str(self.folder),
            "GITHUB_REPOSITORY": "example/news", "GITHUB_RUN_NUMBER": checkout.name,
            "STATUS": str(status),
            "ANEW": str(anew).lower(),
        }  # fmt: skip
        outcomes: dict[str, str] = {}
        said = ""
        for step in self.workflow["jobs"]["daily"]["steps"]:
            name = step.get("name")
            if name is None:
                continue
            if not self.wanted(step.get("if"), outcomes):
                outcomes[name] = "skipped"
            elif "uses" in step:
                self.keep(checkout, step["with"])
                outcomes[name] = "success"
            else:
                ran = subprocess.run(
                    [*STEP, step["run"]], cwd=checkout, env=environ,
                    capture_output=True, text=True, check=False,
                )  # fmt: skip
                said += ran.stdout + ran.stderr
                outcomes[name] = "failure" if ran.returncode else "success"
        self.checkout = checkout
        return outcomes, said

    def wanted(self, condition: str | None, outcomes: dict[str, str]) -> bool:
        """Whether a step is run: after a failure, only if it says always()."""
        if condition is None:
            return "failure" not in outcomes.values()
        ids = {step["id"]: step["name"] for step in self.workflow["jobs"]["daily"]["steps"]
               if "id" in step}  # fmt: skip
        (ident,) = re.fullmatch(  # type: ignore[union-attr]
            r"always\(\) && steps\.(\w+)\.outcome == 'success'", condition
        ).groups()
        return outcomes[ids[ident]] == "success"

    def keep(self, checkout: Path, given: dict[str, Any]) -> None:
        """As actions/upload-artifact does."""
        number = len(self.kept) + 1
        subprocess.run(
            ["zip", "-q", str(self.folder / f"{number}.zip"), given["path"]],
            cwd=checkout, check=True,
        )  # fmt: skip
        self.kept.append({
            "id": number, "name": given["name"], "expired": False,
            "created_at": f"2026-11-{number:02}T05:30:00Z",
            "workflow_run": {"repository_id": 7, "head_repository_id": 7},
        })  # fmt: skip


@pytest.fixture(name="github")
def _github(job: schedulers.Installation, tmp_path: Path) -> GitHub:
    if missing := [name for name in ("jq", "zip", "unzip", "bash") if not shutil.which(name)]:
        pytest.skip(f"there is no {missing[0]} here, as there is on GitHub's machines")
    (text,) = schedulers.written("github", job).values()
    folder = tmp_path / "github"
    folder.mkdir()
    return GitHub(yaml.safe_load(text), folder)


def test_the_workflow_never_overlaps_and_may_do_little(github: GitHub) -> None:
    told = github.workflow
    triggers = told[True]  # YAML 1.1 reads `on` so
    assert triggers["schedule"] == [{"cron": "7 5 * * *"}]
    assert told["concurrency"] == {"group": "tamis", "cancel-in-progress": False}
    assert told["permissions"] == {"actions": "read", "contents": "read"}
    job = told["jobs"]["daily"]
    uses = [step["uses"] for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"actions/[\w-]+@v\d+", each) for each in uses)
    (kept,) = (step["with"] for step in job["steps"] if "upload" in step.get("uses", ""))
    assert kept["retention-days"] == schedulers.KEPT


def test_the_database_goes_from_one_day_to_the_next(github: GitHub) -> None:
    outcomes, _ = github.run(anew=True)
    assert set(outcomes.values()) == {"success"}
    called = (github.checkout / "called").read_text("utf-8").strip()
    assert called == "--config tamis.toml daily --hours 2.5"
    for days in (2, 3):
        outcomes, said = github.run()
        assert set(outcomes.values()) == {"success"}, said
        assert (github.checkout / "data/tamis.db").read_text("utf-8") == "a day\n" * days
        page = (github.checkout / "public/page.html").read_text("utf-8").strip()
        assert page == github.checkout.name, "what belongs to the checkout is today's"
    listed = subprocess.run(
        ["tar", "-tf", "tamis-data.tar"], cwd=github.checkout,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert listed.stdout.split() == ["data/tamis.db", "public/news.db", "public/feeds/"]


def test_a_day_that_needs_a_person_fails_and_is_kept_all_the_same(github: GitHub) -> None:
    github.run(anew=True)
    outcomes, _ = github.run(status=1)
    assert outcomes["Run the daily job"] == "failure"
    assert outcomes["Keep the database"] == "success"
    github.run()
    assert (github.checkout / "data/tamis.db").read_text("utf-8") == "a day\n" * 3


def expired(github: GitHub) -> str:
    github.run(anew=True)
    github.kept[-1]["expired"] = True
    return "::error::The last database has expired: no run for 30 days."


def lost(_: GitHub) -> str:
    return "::error::No run has left a database yet: run the workflow with anew ticked"


def of_a_fork(github: GitHub) -> str:
    github.run(anew=True)
    github.kept[-1]["workflow_run"]["head_repository_id"] = 8
    return lost(github)


def public(github: GitHub) -> str:
    github.run(anew=True)
    github.private = False
    return "::error::This repository is public"


@pytest.mark.parametrize("make", [expired, lost, of_a_fork, public])
def test_without_yesterdays_database_nothing_is_crawled_and_nothing_overwritten(
    github: GitHub, make: Callable[[GitHub], str]
) -> None:
    words = make(github)
    before = len(github.kept)
    outcomes, said = github.run()
    assert words in said
    assert list(outcomes.values()) == ["success", "failure", "skipped", "skipped", "skipped"]
    assert len(github.kept) == before


# A container.


def instructions(text: str) -> list[tuple[str, str]]:
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", "")
    return [
        (word, rest)
        for word, _, rest in (line.partition(" ") for line in lines.splitlines() if line.strip())
    ]


def test_the_image_is_built_in_two_stages_and_runs_as_nobody(job: schedulers.Installation) -> None:
    told = instructions(schedulers.written("container", job)["Containerfile"])
    assert [word for word, _ in told] == [
        "ARG", "FROM", "COPY", "RUN", "FROM", "COPY", "RUN", "ENV", "USER", "VOLUME", "WORKDIR",
        "CMD",
    ]  # fmt: skip
    last = dict(told[4:])
    user, _, group = last["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert f"--owner={user} --group={group} /data" in last["RUN"]
    assert last["VOLUME"] == last["WORKDIR"] == "/data"
    assert json.loads(last["CMD"])[:2] == ["tamis", "daily"]
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in told[0][1]


def test_what_the_image_is_built_from_is_in_a_checkout_and_not_left_out(
    job: schedulers.Installation,
) -> None:
    texts = schedulers.written("container", job)
    named = set(re.findall(r"/src/([\w.-]+)", texts["Containerfile"]))
    assert named == {"requirements.txt", "requirements-dev.txt"}
    ignored = texts[".dockerignore"].split()
    for name in (*named, "pyproject.toml", "README.md", "LICENSE", "crawler", "datasette"):
        assert (ROOT / name).exists()
        assert name not in ignored
    assert {".git", "data", "datasette/*.db*"} <= set(ignored)
    command = dict(instructions(texts["Containerfile"])[:4])["RUN"]
    for part in command.split("&&"):
        assert shlex.split(part)[0] == "python" or shlex.split(part)[0].startswith("/opt/tamis/")
