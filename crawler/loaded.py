"""To import this is to load all that reading pages takes: readers are forked from where it was."""

import gc
import os
from contextlib import suppress

# Numpy would start threads, for matrices that we have not, and what has threads should not fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# What cannot be loaded is said by the page that needs it, once there is somebody to say it to.
with suppress(Exception):
    from crawler import pages

    pages.ready()
# Forks share what is here; a collector that looks through it would make each copy it.
gc.freeze()
