"""Serving the published database: Datasette with our folder of templates, plugins and metadata.

`datasette datasette/` does the same for a news.db inside that folder. This is for a database
anywhere else, and it goes on to the next snapshot when `publish` has swapped one in.
"""

import contextlib
import ipaddress
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import click
import uvicorn
import yaml
from datasette import __version__
from datasette.app import Datasette
from datasette.database import Database
from datasette.utils import sqlite_timelimit
from datasette.utils.asgi import asgi_send
from packaging.version import Version

from crawler.errors import ConfigError
from crawler.folder import site_folder
from crawler.published import PRIVATE, connect, snapshot

NAME = "news"  # in addresses and in metadata.yml, whatever the file is called
PORT = 8001
# What takes this long at 1,000,000 articles is an attack or a mistake.
TIME_LIMIT = 3000  # ms
# Datasette 1.0 asks its configuration for the queries, which 0.65 finds in the metadata.
CONFIGURED = Version(__version__) >= Version("1.0a0")

T = TypeVar("T")


def site(db: Path) -> Any:
    """A Datasette for the database at `db`, under the name `news`.

    Everything is passed by hand, because config_dir would serve any *.db in the folder as well.
    Raises ConfigError if there is no such file.
    """
    with closing(connect(db)) as conn:
        private = snapshot(conn).get("level") == PRIVATE
    folder = site_folder()
    metadata, config = (
        yaml.safe_load((folder / name).read_text(encoding="utf-8"))
        for name in ("metadata.yml", "datasette.yaml")
    )
    settings = config.pop("settings")
    # A private copy is for its owner, on their own machine, who may ask it anything.
    settings["default_allow_sql"] |= private
    datasette = Datasette(
        [],
        metadata=metadata,
        settings=settings,
        template_dir=str(folder / "templates"),
        plugins_dir=str(folder / "plugins"),
        static_mounts=[("static", str(folder / "static"))],
        **({"config": config} if CONFIGURED else {}),
    )
    datasette.add_database(Database(datasette, path=str(db)), name=NAME)
    # With no file named at the start, Datasette adds a scratch database that we have no use for.
    datasette.remove_database("_memory")
    return datasette


def news(datasette: Any) -> Any:
    """The published database of a Datasette, whatever its name; None while there is none."""
    named = {name: db for name, db in datasette.databases.items() if not name.startswith("_")}
    return named.get(NAME) or next(iter(named.values()), None)


async def ask(datasette: Any, question: Callable[[sqlite3.Connection], T]) -> T | None:
    """`question`'s answer, or None if the database is missing or was not made by `publish`.

    The plugins ask through here. Raises sqlite3.OperationalError ("interrupted") after TIME_LIMIT.
    """
    found = news(datasette)
    if found is None:
        return None

    def limited(conn: sqlite3.Connection) -> T:
        # Datasette has texts decoded by a function in Python, for the files of others: a third of
        # the time of a search that counts 10,000 articles. What `publish` wrote is UTF-8.
        careful, conn.text_factory = conn.text_factory, str
        try:
            with sqlite_timelimit(conn, TIME_LIMIT):
                return question(conn)
        finally:
            conn.text_factory = careful

    try:
        answer: T = await found.execute_fn(limited)
    except sqlite3.OperationalError as error:
        if str(error).startswith(("no such table", "no such column", "unable to open")):
            return None
        raise
    return answer


class Newest:
    """An ASGI application that serves whatever file now stands at `db`.

    `publish` replaces the file; a Datasette opened before would show the old one for ever, and
    keep its space on the disk. A request in flight finishes on the snapshot it began with: a
    snapshot is closed only when the next but one has come.
    """

    def __init__(self, db: Path, *, private: bool = True) -> None:
        """Without `private`, a private snapshot is not served, not even if it is swapped in."""
        self.db, self.private = db, private
        self.refusal = self._refusal()
        if self.refusal:
            raise ConfigError(self.refusal)
        self.current = site(db)
        self.app = self.current.app()
        self.previous: Any = None
        self.stamp = _stamp(db)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        found = _stamp(self.db)
        if found not in {self.stamp, None}:
            self.stamp = found  # first, so that requests meanwhile are answered from the old one
            self.refusal = self._refusal()
            if not self.refusal:
                await self._follow()
        if self.refusal:  # the old one would open the new file, too
            await asgi_send(send, "There is nothing to see here for now.", 503)
        else:
            await self.app(scope, receive, send)

    async def _follow(self) -> None:
        newest = site(self.db)
        await newest.invoke_startup()
        if self.previous is not None:
            _close(self.previous)
        self.previous, self.current, self.app = self.current, newest, newest.app()

    def _refusal(self) -> str | None:
        """Why the file that is there now is not served, if it is not."""
        with contextlib.closing(connect(self.db)) as conn:
            if self.private or snapshot(conn).get("level") != PRIVATE:
                return None
        return (
            f"{self.db} shows whole texts, for yourself alone: serve it on 127.0.0.1, or say"
            " --yes-private"
        )


def _close(datasette: Any) -> None:
    """What 1.0 closes is more than its databases: threads, and a file in the temporary folder."""
    getattr(datasette, "close", datasette.get_database(NAME).close)()


def _stamp(db: Path) -> tuple[int, int] | None:
    """What tells one file at a path from the next; None while there is none."""
    try:
        found = db.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def serve(
    db: Path, host: str = "127.0.0.1", port: int | None = None, *, private: bool = False
) -> None:
    """Serve until Ctrl-C, at `port`, or without one at PORT if it is free; 0 takes any free one.

    Prints the address once connections queue. Raises ConfigError if there is no database, if the
    address cannot be had, or if a private snapshot would be served to others without `private`.
    """
    app = Newest(db, private=private or _loopback(host))
    listener = _listener(host, port)
    with listener, contextlib.suppress(KeyboardInterrupt):
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"Serving {db} at http://{shown}:{listener.getsockname()[1]}/  (Ctrl-C ends it)")
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listener(host: str, port: int | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if port is None:
        with contextlib.suppress(OSError):
            return socket.create_server((host, PORT), family=family)
    try:
        return socket.create_server((host, port or 0), family=family)
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host} port {port or 'any'} ({error.strerror}): choose another with "
            "--port, or 0 for any that is free"
        ) from error
