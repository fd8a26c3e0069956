"""Runs in MineDojo's own Python: our end of it, with a Malmo that listens already in place of a Minecraft.

    python -I minedojo_stand_in.py PORT CHILD [PROGRAM...]

PROGRAM is started as MineDojo starts Minecraft: in a session of its own.
"""

import runpy
import subprocess
import sys

from minedojo.sim.bridge import BridgeEnv
from minedojo.sim.bridge.mc_instance import InstanceManager

port, child, *program = sys.argv[1:]


def instance(*_):
    if program:
        subprocess.Popen(program, start_new_session=True)
    found = InstanceManager.add_existing_instance(int(port))
    found.launch()
    found.had_to_clean = False
    return found


BridgeEnv._get_new_instance = instance
runpy.run_path(child, run_name="__main__")
