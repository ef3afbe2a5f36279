"""Commands of ours in processes of their own, without a second of imports each.

A server loads everything once and then forks: `run(["crawl", ...])` is `tamis crawl ...` in a
fresh process, as real as one from a shell but for how it came to its modules. What is measured, or
about start-up, signals, the environment or a terminal, starts `python -m crawler` instead.
"""

import atexit
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

SECONDS = 120
# What commands import, and Scrapy once it runs.
MODULES = (
    "crawler.cli", "crawler.pages", "crawler.publish", "crawler.robots", "crawler.middlewares",
    "crawler.warc", "spiders.probe", "spiders.run", "scrapy.core.engine",
)  # fmt: skip


class Server:
    """One a test process; a child of it for every command.

    With `readers`, what their readers of pages are forked from is started once for all of them,
    which saves each two seconds.
    """

    def __init__(self, *, readers: bool = False) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, *["readers"] * readers],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        atexit.register(self.stop)

    def stop(self) -> None:
        self.process.communicate()  # closes its input, which ends it

    def run(self, arguments: list[str], prelude: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            told = {
                "arguments": arguments, "prelude": prelude,
                "out": str(out), "err": str(err), "cwd": str(Path.cwd()),
            }  # fmt: skip
            assert self.process.stdin
            assert self.process.stdout
            self.process.stdin.write(json.dumps(told) + "\n")
            self.process.stdin.flush()
            status = int(self.process.stdout.readline())
            return subprocess.CompletedProcess(
                ["tamis", *arguments], status, out.read_text("utf-8"), err.read_text("utf-8")
            )


_servers: list[Server] = []


def run(*arguments: str, prelude: str = "") -> subprocess.CompletedProcess[str]:
    """`tamis` with these arguments; ended by SIGALRM, as status -14, after SECONDS.

    `prelude` is Python that its process runs before.
    """
    if not _servers:
        _servers.append(Server())
    return _servers[0].run(list(arguments), prelude)


def _child(told: dict[str, Any]) -> None:
    """Be `tamis`, in the process that was forked for it; ends with SystemExit."""
    signal.alarm(SECONDS)
    os.chdir(told["cwd"])
    for stream, name in ((0, os.devnull), (1, told["out"]), (2, told["err"])):
        flags = os.O_RDONLY if stream == 0 else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(name, flags), stream)
    exec(told["prelude"])  # noqa: S102 (a test's own)
    sys.argv = ["tamis", *told["arguments"]]
    importlib.import_module("crawler.cli").main(prog_name="tamis")


def _share_readers() -> None:
    """Children inherit what readers are forked from; that it runs, only its parent can see."""
    forkserver.set_forkserver_preload([importlib.import_module("crawler.workers").FOR_PAGES])
    forkserver.ensure_running()
    for asked in (forkserver, forkserver._forkserver):
        setattr(asked, "ensure_running", lambda: None)  # noqa: B010 (mypy knows it as a method)


def serve() -> None:
    """Fork for every line of JSON on standard input; answer with the status of what it did."""
    for module in MODULES:
        importlib.import_module(module)
    importlib.import_module("crawler.pages").ready()
    if "readers" in sys.argv:
        _share_readers()
    for line in sys.stdin:
        told = json.loads(line)
        child = os.fork()
        if not child:
            _child(told)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
