"""To import this is to load all that reading pages takes: readers are forked from where it was."""

import gc
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def _ending_with_parent() -> Iterator[None]:
    """End at once when the parent does: what forks looks at that only when all is loaded."""
    parent, over = os.getppid(), threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            if os.getppid() != parent:
                os._exit(1)

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()  # what has threads should not fork


# Numpy would start threads too, for matrices that we have not.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# What cannot be loaded is said by the page that needs it, once there is somebody to say it to.
with _ending_with_parent(), suppress(Exception):
    from crawler import pages

    pages.ready()
# Forks share what is here; a collector that looks through it would make each copy it.
gc.freeze()
