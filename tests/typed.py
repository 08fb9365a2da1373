"""What a person types, run within the test's own process: the front door from its arguments to its exit code.

In: the arguments, the folder, the variables. Out: exit code, standard output and standard error, as of a process.
The rule it guards: nothing of the run stays behind in the test: variables, folder, handlers of the log.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import floorboard


def typed(*arguments: str, cwd: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs the command; an error that the front door does not know leaves as it is, and so fails the test."""
    out, err = io.StringIO(), io.StringIO()
    handlers = list(logging.getLogger().handlers)
    code: object = 0
    with (
        mock.patch.dict(os.environ, variables, clear=True),
        mock.patch.object(sys, "argv", ["floorboard", *arguments]),
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            floorboard.main()
        except SystemExit as end:
            code = end.code
        finally:
            logging.getLogger().handlers[:] = handlers
    return subprocess.CompletedProcess(
        list(arguments), code if isinstance(code, int) else int(bool(code)), out.getvalue(), err.getvalue()
    )
