"""Workers, when what started them is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

STARTS = """
    import os, time
    from groundup.skills.processes import processes

    def main():
        with processes(1) as pool:
            print(pool.submit(os.getpid).result(), flush=True)
            pool.submit(time.sleep, 300).result()

    if __name__ == "__main__":
        main()
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "starts.py"
    program.write_text(textwrap.dedent(STARTS))
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert int(parent.stdout.readline()) != parent.pid
        parent.send_signal(signal.SIGKILL)
        # The worker has the other end of the pipe too: it is closed when both have ended.
        assert parent.communicate(timeout=60)[0] == ""
