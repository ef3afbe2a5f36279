"""The wheel: what is in it, and that it does the whole job where there is no checkout."""

import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
import zipfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlite_utils import Database
from web import RSS, Answer, Web, article, feed, record

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment with our wheel, and a folder outside the checkout to work in."""

    programs: Path
    packages: Path
    folder: Path

    def run(self, *command: str) -> str:
        """What a program of the environment prints; fails with its errors."""
        ran = subprocess.run(
            [str(self.programs / command[0]), *command[1:]],
            cwd=self.folder, env=clean(), capture_output=True, text=True, timeout=SECONDS,
            check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


def clean() -> dict[str, str]:
    """Our environment without what could lead a program back to the checkout."""
    return {
        name: value for name, value in os.environ.items() if name[:6] not in {"PYTHON", "TAMIS_"}
    }


@pytest.fixture(name="wheel", scope="module")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(out)],
        cwd=ROOT, check=True, capture_output=True, timeout=SECONDS,
    )  # fmt: skip
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(name="names", scope="module")
def _names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(name="installed", scope="module")
def _installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps",
         "--no-index", "--disable-pip-version-check", str(wheel)],
        env=clean(), check=True, capture_output=True, timeout=SECONDS,
    )  # fmt: skip
    (packages,) = place.glob("lib/python3*/site-packages")
    # The packages that Tamis needs, from the environment we run in. Only after its own are in place
    # (pip would find it installed), and behind them. A .pth found this way is not read, so that the
    # editable Tamis there stays out of sight.
    (packages / "needed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    folder = place / "elsewhere"
    folder.mkdir()
    return Installed(python.parent, packages, folder)


@pytest.fixture(name="demo", scope="module")
def _demo(installed: Installed) -> str:
    """What `tamis demo` says; its databases are then in `out`."""
    return installed.run("tamis", "demo", "--no-serve", "--out", "out")


def below(folder: str) -> set[str]:
    """Every file under version control or about to be, in a folder of the checkout."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", folder],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}


def test_the_wheel_holds_every_file_of_ours_and_the_site(names: set[str]) -> None:
    wanted = below("crawler") | below("spiders") | below("enrich")
    wanted |= {name.replace("datasette/", "crawler/_site/", 1) for name in below("datasette")}
    for part in (
        "crawler/_site/metadata.yml", "crawler/_site/settings.json",
        "crawler/_site/datasette.yaml", "crawler/_site/plugins/site.py",
        "crawler/_site/templates/home.html", "crawler/_site/static/tamis.css",
        "crawler/_site/locales/fr/frame.po", "crawler/_site/locales/nl/frame.po",
        "spiders/sources/be.toml", "enrich/lexicon/housing.toml", "enrich/data/countries.toml",
        "enrich/gazetteer/be.toml", "crawler/demo/sites/quai-ouvert.toml",
        "crawler/demo/templates/spip.html",
    ):  # fmt: skip
        assert part in wanted
    assert {name for name in names if ".dist-info/" not in name} == wanted


def test_the_wheel_puts_nothing_into_datasette(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "crawler",
        "spiders",
        "enrich",
    }


def test_the_wheel_holds_no_database_and_no_compiled_file(names: set[str]) -> None:
    assert [name for name in names if re.search(r"\.db|\.sqlite|\.py[co]$|__pycache__", name)] == []


def test_the_wheel_names_licence_command_and_python(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        about = archive.read(f"{info}/METADATA").decode()
        commands = archive.read(f"{info}/entry_points.txt").decode()
        assert archive.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "Requires-Python: >=3.11\n" in about
    assert "License-Expression: Apache-2.0\n" in about
    assert "tamis = crawler.cli:main" in commands
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    assert about.count("Requires-Dist: ") == len([*project["dependencies"], *extras])


def test_what_runs_is_what_was_installed_and_datasette_is_itself(installed: Installed) -> None:
    modules = "crawler, spiders, enrich, datasette"
    code = f"import {modules}\nfor module in ({modules}): print(module.__file__)"
    *ours, theirs = map(Path, installed.run("python", "-c", code).splitlines())
    assert {path.parent.parent for path in ours} == {installed.packages}
    assert theirs.parent.parent == Path(sysconfig.get_path("purelib"))
    assert (theirs.parent / "app.py").is_file()
    assert not (theirs.parent / "metadata.yml").exists()
    assert not (installed.packages / "datasette").exists()


def test_the_demo_runs_without_a_checkout(installed: Installed, demo: str) -> None:
    assert "articles from" in demo
    with closing(Database(installed.folder / "out/news.db")) as db:
        assert db.execute("SELECT count(*) FROM articles").fetchone()[0] > 100


# What the Containerfile of `tamis schedule container` builds, without a registry: our wheel at
# /opt, a volume at /srv, nothing else that can be written but /tmp, and a user who is nobody.
AS_A_CONTAINER = """
set -e
mount --make-rprivate /
mount --bind {place} /opt
mount --bind {volume} /srv
mount --bind {needed} /media  # what `needed.pth` names may be where nobody may look, or in /tmp
if [ -n "{closed}" ]; then  # Python's own folder is below one that only its owner may enter
  mount --bind {base} /mnt
  mount -t tmpfs -o mode=755 tmpfs {closed}
  mkdir -p {base}
  mount --bind /mnt {base}
fi
mount -t tmpfs tmpfs /tmp
for folder in / /opt; do mount -o remount,ro,bind $folder; done
cd /srv
exec setpriv --reuid=10001 --regid=10001 --clear-groups --no-new-privs --bounding-set=-all \\
  env -i HOME=/tmp PYTHONPATH=/media PATH=/opt/bin:/usr/bin:/bin sh -c '{command}'
"""


def in_a_container(
    installed: Installed, volume: Path, command: str
) -> subprocess.CompletedProcess[str]:
    base = Path(sys.base_prefix)
    shut = [each for each in reversed(base.parents) if not each.stat().st_mode & 0o001]
    script = AS_A_CONTAINER.format(
        place=installed.programs.parent, volume=volume, command=command, base=base,
        needed=sysconfig.get_path("purelib"),
        closed=shut[0] if shut else "",
    )  # fmt: skip
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", script],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"),
    reason="only root may unshare, and setpriv is needed",
)
def test_the_daily_job_runs_as_nobody_on_a_read_only_file_system(
    installed: Installed, web: Web, tmp_path: Path
) -> None:
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody unshare")
    volume = tmp_path / "volume"
    (volume / "sources").mkdir(parents=True)
    text = record("quai", web.url, f"{web.url}/feed")
    (volume / "sources" / "test.toml").write_text(text, encoding="utf-8")
    (volume / "tamis.toml").write_text(
        "[files]\nsources = 'sources'\n[crawl]\nloopback = true\ndelay = 0\nworkers = 1\n",
        encoding="utf-8",
    )
    os.chown(volume, 10001, 10001)
    installed.programs.parent.chmod(0o755)
    web.pages["/feed"] = Answer(feed(f"{web.url}/a"), content_type=RSS)
    web.pages["/a"] = Answer(article("Le centre rouvre", "Le centre rouvre au quai, dit-il. " * 9))
    flags = "[os.statvfs(at).f_flag & os.ST_RDONLY for at in sys.argv[1:]]"
    code = f'python -c "import os, sys; print(os.getuid(), {flags})" / /opt /srv /tmp'
    assert in_a_container(installed, volume, code).stdout == "10001 [1, 1, 0, 0]\n"
    ran = in_a_container(installed, volume, "python -m crawler daily --quiet")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    with closing(Database(volume / "datasette" / "news.db")) as db:
        assert [row["title"] for row in db.table("articles").rows] == ["Le centre rouvre"]


@pytest.mark.usefixtures("demo")
def test_the_site_is_served_without_a_checkout_until_ctrl_c(installed: Installed) -> None:
    process = subprocess.Popen(
        [str(installed.programs / "tamis"), "serve", "--news", "out/news.db", "--port", "0"],
        cwd=installed.folder, env={**clean(), "PYTHONUNBUFFERED": "1"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout
        (address,) = re.findall(r"http://[\d.]+:\d+", process.stdout.readline())
        for path, words in {
            "/": "Tamis",
            "/article/1": "<article",
            "/feeds/fr.atom": "http://www.w3.org/2005/Atom",
            "/feeds/feed.css": "entry",
            "/static/tamis.css": "{",
            "/news/ledger_flow.json": "outcome",
        }.items():
            with urllib.request.urlopen(f"{address}{path}", timeout=30) as answer:  # noqa: S310 (http)
                assert words in answer.read().decode(), path
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
    finally:
        process.kill()
        process.communicate()
