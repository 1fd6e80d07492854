"""Orphans: a worker process ends soon after the run that started it, however that one ended.

A run that is killed cannot tell its workers, and a solve may take its whole time limit; so each worker looks now and then
whether its parent is still there (ours; POSIX gives an orphan another parent).
"""

from __future__ import annotations

import os
import threading
import time

LOOK_S = 1.0
_watching: list[int] = []


def end_with(parent: int) -> None:
    """Watch from now on whether `parent`, which started this process, is there; end this process when it is not.

    Called again it does nothing, and in another process than a child of `parent` neither.
    """
    if _watching or os.getppid() != parent:
        return
    _watching.append(parent)
    threading.Thread(target=_watch, args=(parent,), name="end with parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os._exit(1)  # the solver may be in native code, and nobody is left to be told
