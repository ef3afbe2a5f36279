"""Pages that mean harm to whoever reads them. Each is read in a process of its own, so that its
memory is its own.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

MAX_SECONDS, MAX_MEGABYTES = 10, 500  # of processor time for `extract`, of the whole process

PARAGRAPH = "<p>Un paragraphe qui dit quelque chose en quelques mots de plus.</p>"
# What each main part is, as Python that the process evaluates: 20 MB do not go through a pipe.
PAGES = {
    "20 MB of paragraphs": f"{PARAGRAPH!r} * {20_000_000 // len(PARAGRAPH)}",
    "100,000 elements deep": "'<div>' * 100_000 + 'fin'",
    "100,000 line breaks": "'une ligne de texte<br>' * 100_000",
    "100,000 runs inside one line": "'<p>' + 'mot <b>gras</b> ' * 100_000",
    "a tag with 100,000 attributes":
        "'<div ' + ' '.join(f'a{n}=\"1\"' for n in range(100_000)) + '>texte</div>'",
    "one line of 8 MB": "'<p>' + 'mot et encore ' * 570_000",
    "8 MB of soft hyphens": "'<p>' + '&shy;' * 1_600_000",
}  # fmt: skip

PROGRAM = """
import json, pathlib, sys, time
from enrich.extract import extract
page = ("<!doctype html><html><head><title>Une page</title></head><body><main><h1>Une page</h1>"
        + eval(sys.argv[1]) + "</main></body></html>").encode()
start = time.process_time()
found = extract(page, "https://maison.example/2026/une-page/")
status = pathlib.Path("/proc/self/status").read_text()
memory = int(status.partition("VmHWM:")[2].split()[0])
print(json.dumps([time.process_time() - start, memory, found.kind, found.cut]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """CPU seconds, the largest size of the process in megabytes, and what the page was read as."""

    seconds: float
    megabytes: float
    kind: str
    cut: bool


def cost(part: str) -> Cost:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, part], capture_output=True, text=True, check=True
    )
    seconds, memory, kind, cut = json.loads(done.stdout)
    return Cost(seconds=seconds, megabytes=memory / 1024, kind=kind, cut=cut)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_no_page_takes_long_or_much_memory(name: str) -> None:
    found = cost(PAGES[name])
    assert found.seconds < MAX_SECONDS
    assert found.megabytes < MAX_MEGABYTES
