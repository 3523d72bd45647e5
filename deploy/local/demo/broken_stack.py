"""A stack whose intake loses one fact; what `make demo-broken` plays on."""

import sys
from dataclasses import replace

from deploy.local.services import Service, present
from deploy.local.supervise import main

from .calendar_stack import with_calendar

LOSING = "deploy.local.demo.broken"


def with_broken_intake() -> tuple[Service, ...]:
    return tuple(
        replace(service, module=LOSING) if service.name == "intake" else service
        for service in with_calendar(present())
    )


if __name__ == "__main__":
    sys.exit(main(with_broken_intake()))
