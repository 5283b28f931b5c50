"""What one run of a command costs."""

import os
import subprocess
import sys
import time


def spent(command, shell=False):
    """Wall seconds, processor seconds and the most memory in MiB of one run."""
    began = time.monotonic()
    program = ["/bin/sh", "-c", command] if shell else command
    child = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    # rg ends with 1 where it finds nothing.
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"failed: {command}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
