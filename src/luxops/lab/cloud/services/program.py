"""Run the `main` of an OpenStack program whose Debian package is not installed: `program.py MODULE NAME ARGUMENTS...`."""

import importlib
import sys

if __name__ == "__main__":
    _, module, name, *arguments = sys.argv
    sys.argv = [name, *arguments]
    sys.exit(importlib.import_module(module).main())
