"""Let a process end when the one that started it is gone, however it went."""

import multiprocessing
import os
import signal
import threading


def end_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Send this process a signal as soon as the process that started it has ended.

    Who is killed cannot end its children; they hold a handle on their parent and see it.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        msg = "multiprocessing started this process"
        raise AssertionError(msg)

    def watch() -> None:
        parent.join()
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, name="watch-parent", daemon=True).start()
