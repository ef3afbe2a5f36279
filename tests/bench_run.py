"""What a command costs: pages a second, CPU with all its children, and memory."""

import ctypes
import os
import re
import resource
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kills import descendants

from crawler.workers import cores

PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
IDLE = 0.5  # load of a machine that has nothing else to do; what is measured now is not in it
HEAD = f"{'':<34}{'pages/s':>8}{'CPU s/1000':>12}{'of limit':>9}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One step: pages, wall and CPU seconds (with children), and the main process's memory in MB.

    `memory` is at a twentieth, half and the end of the run, so that growth shows.
    """

    name: str
    pages: int
    wall: float
    cpu: float
    memory: tuple[float, ...] = ()

    @property
    def speed(self) -> float:
        return self.pages / self.wall

    @property
    def share(self) -> float:
        """Of what this machine could do: all cores busy with nothing else."""
        return self.speed * self.cpu / self.pages / cores()

    def cells(self) -> list[str]:
        """For the table in README.md."""
        memory = f"{max(self.memory):.0f} MB" if self.memory else ""
        cpu = 1000 * self.cpu / self.pages
        return [self.name.strip(), f"{self.speed:.1f}", f"{cpu:.1f}", f"{self.share:.0%}", memory]

    def line(self) -> str:
        memory = f"  {' -> '.join(f'{mb:.0f}' for mb in self.memory)} MB" if self.memory else ""
        return (
            f"{self.name:<34}{self.speed:>8.1f}{1000 * self.cpu / self.pages:>12.1f}"
            f"{self.share:>9.0%}{memory}"
        )


def machine() -> str:
    """How many cores of which processor, and whether others were at work on them."""
    told = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    name = re.search(r"^model name\s*: (.*)$", told, re.MULTILINE)
    load = os.getloadavg()[0]
    busy = f", beside other work (load {load:.0f})" if load > IDLE else ""
    return f"{cores()} cores of {name[1] if name else 'an unknown processor'}{busy}"


def timed(
    name: str, pages: int, command: Sequence[str], *, server: int = 0, watch: bool = False
) -> Run:
    """Run `command` and account for it, its children and its share of the server, a process id."""
    memory: list[float] = []
    _adopt()
    ours = {*descendants(os.getpid())}
    before, of_server = _cpu_of_children(), _cpu_of(server)
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def look() -> None:
        while process.poll() is None:
            memory.extend(_memory_of(process.pid))
            time.sleep(0.25)

    if watch:
        threading.Thread(target=look, daemon=True).start()
    if process.wait():
        raise SystemExit(f"{name}: {command} failed")
    wall = time.perf_counter() - began
    while left := {*descendants(os.getpid())} - ours:
        for pid in left:
            with suppress(ChildProcessError):  # a child's child
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.05)
    cpu = _cpu_of_children() - before + _cpu_of(server) - of_server
    early, half = (memory[len(memory) * k // 20] if memory else 0.0 for k in (1, 10))
    shown = (early, half, max(memory)) if memory else ()
    return Run(name=name, pages=pages, wall=wall, cpu=cpu, memory=shown)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _cpu_of(pid: int) -> float:
    """CPU seconds that a running process has used (Linux); of none, none."""
    if not pid:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory_of(pid: int) -> list[float]:
    """What a process holds, in MB; nothing once it is over."""
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        return [int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")]
    return []


def _adopt() -> None:
    """Let what a command leaves behind come to this process, which then knows its CPU time.

    What readers are forked from ends a moment after the command.
    """
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
