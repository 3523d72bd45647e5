"""Named steps of relay, inbox, sequencer and intake at which a process may be killed.

`service.py` wraps the functions that are named here, in its own process alone; the
services know nothing of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["before", "after"]


def always(_: Any) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Step:
    """Before or after a call of `module:function`; `counts` leaves out idle passes."""

    name: str
    services: tuple[str, ...]
    module: str
    function: str
    side: Side = "after"
    counts: Callable[[Any], bool] = always


SENDING = ("intake", "registry", "delivery")
TAKING_IN = ("intake", "registry", "delivery")
RELAY, INBOX = "services.kit.relay", "services.kit.inbox"
SEQUENCER = "services.delivery.sequencer"


def moved(found: Any) -> bool:
    """A batch that had anything new in it."""
    return bool(found.now)


ALL = (
    Step("relay.claimed", SENDING, RELAY, "Relay.claim", counts=bool),
    Step("relay.sent", SENDING, "services.kit.producer", "Sender.send"),
    Step("relay.answered", SENDING, RELAY, "Relay.take_out", "before"),
    Step("relay.taken_out", SENDING, RELAY, "Relay.take_out"),
    Step("inbox.locked", TAKING_IN, INBOX, "Inbox.lock"),
    Step("inbox.judged", TAKING_IN, INBOX, "Inbox.judge", counts=moved),
    Step("inbox.applied", TAKING_IN, "services.kit.taking", "Taking.apply_all"),
    Step("inbox.moved", TAKING_IN, "services.kit.checkpoint", "move"),
    Step("inbox.committed", TAKING_IN, INBOX, "Inbox.apply_batch", counts=moved),
    Step("inbox.noted", TAKING_IN, "services.kit.reading", "Reading.note_now"),
    Step("inbox.assigned", TAKING_IN, INBOX, "Inbox.on_partitions_assigned"),
    Step("sequencer.locked", ("delivery",), "services.delivery.store", "lock_sequence"),
    Step("sequencer.saved", ("delivery",), SEQUENCER, "Sequencer.save"),
    Step("sequencer.advanced", ("delivery",), "services.delivery.store", "advance"),
    Step(
        "sequencer.committed", ("delivery",), SEQUENCER, "Sequencer.step", "after", bool
    ),
    Step("intake.kept", ("intake",), "services.intake.store", "add_new", counts=bool),
)
BY_NAME = {step.name: step for step in ALL}
EVERY = tuple((service, step.name) for step in ALL for service in step.services)
