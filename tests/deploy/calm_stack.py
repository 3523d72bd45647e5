"""A stack whose only service is a calm one.

`python -m tests.deploy.calm_stack` is its supervisor, with `up` its `up --detach`.
"""

import sys

from deploy.local import supervise, up
from deploy.local.folder import state_folder
from deploy.local.services import Service
from deploy.local.trouble import CannotRun

MODULE = "tests.deploy.calm_stack"
CALM = Service("intake", 8101, "tests.deploy.calm")


def main() -> int:
    if sys.argv[1:] != ["up"]:
        return supervise.main([CALM])
    try:
        return up.up(state_folder(), detach=True, supervisor=MODULE)
    except CannotRun as trouble:
        return int(bool(sys.stderr.write(f"{trouble}\n")))


if __name__ == "__main__":
    sys.exit(main())
