"""Commands that a site configures: given a text, within a time, and ended with all they started."""

import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Final

_SAID: Final = 500


class CommandError(Exception):
    """A command did not do what it was asked; the text says why, without its name."""


def run(words: Sequence[str], content: bytes, seconds: float, *, quotes: bool = False) -> bytes:
    """Run a command with a text on its standard input; give its standard output.

    It runs in a process group of its own, which is killed as a whole when the time is over. What
    it says on standard error goes where this program's goes, or with `quotes` into the error.

    Raises:
        CommandError: it cannot be run, did not end in time, or ended with another status than 0.

    """
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if quotes else None,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(f"cannot be run: {error.strerror}") from error
    with process:
        try:
            answer, said = process.communicate(content, seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            raise CommandError(f"did not end within {seconds:g} s") from None
    if process.returncode != 0:
        quoted = said.decode(errors="replace").strip()[-_SAID:] if said else ""
        raise CommandError(
            f"ended with status {process.returncode}" + (f": {quoted}" if quoted else "")
        )
    return answer
