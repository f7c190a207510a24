"""Keeps ovs-vswitchd running: `keep_switch.py NAMESPACE COMMAND...`. After it died, starts it again and plugs all NICs anew."""

import subprocess
import sys
import time

import lab_plug

PAUSE = 0.2


def main(namespace, *command):
    first = True
    while True:
        switch = subprocess.Popen(["ip", "netns", "exec", namespace, *command])
        if not first:
            subprocess.run(["ovs-vsctl", "-t", "20", "set", "Open_vSwitch", ".", "external_ids:luxops-kept=again"], check=False)
            lab_plug.plug_again()
        status = switch.wait()
        sys.stderr.write(f"ovs-vswitchd ended with status {status}; starting it again\n")
        first = False
        time.sleep(PAUSE)


if __name__ == "__main__":
    main(*sys.argv[1:])
