"""A stack whose arena has a calendar that can be turned; what `make demo` plays on."""

import sys
from collections.abc import Iterable
from dataclasses import replace

from deploy.local.services import Service, present
from deploy.local.supervise import main

CALENDAR = "deploy.local.demo.calendar"


def with_calendar(services: Iterable[Service]) -> tuple[Service, ...]:
    return tuple(
        replace(service, module=CALENDAR) if service.name == "consultation" else service
        for service in services
    )


if __name__ == "__main__":
    sys.exit(main(with_calendar(present())))
