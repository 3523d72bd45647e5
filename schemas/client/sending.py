"""One round of sending: the outbox in its order, until intake has answered it all."""

import logging
from collections.abc import Iterator, Sequence

from ..envelope import MAX_BATCH_BYTES
from .intake import Intake, Refused
from .outbox_file import OutboxFile, Said
from .service import Away

log = logging.getLogger(__name__)

BATCH_EVENTS = 100


def send_round(outbox: OutboxFile, intake: Intake, upto: int) -> None:
    """Send what waits, up to a place. Raises `Away` or `TokenRefused`.

    What is said of one initiative is sent in the order it was said. A batch that is
    refused is halved until the refused event stands alone. One on which intake
    itself breaks holds up its own initiative only.
    """
    held: dict[str, Away] = {}
    after = 0
    while found := outbox.waiting(after, upto, BATCH_EVENTS):
        after = found[-1].place
        for batch in batches(found):
            send(outbox, intake, batch, held)
    if held:
        raise next(iter(held.values()))


def send(
    outbox: OutboxFile, intake: Intake, events: Sequence[Said], held: dict[str, Away]
) -> None:
    batch = [each for each in events if each.subject not in held]
    if not batch:
        return
    try:
        receipts = intake.take(batch)
    except Refused as refused:
        if len(batch) == 1:
            refuse(outbox, batch[0], refused)
            return
    except Away as away:
        if not away.broken:
            raise
        if len(batch) == 1:
            held[batch[0].subject] = away
            return
    else:
        outbox.accept(batch, receipts)
        return
    middle = len(batch) // 2
    for half in (batch[:middle], batch[middle:]):
        send(outbox, intake, half, held)


def refuse(outbox: OutboxFile, event: Said, refused: Refused) -> None:
    outbox.refuse(event, refused.problem)
    log.warning("intake refuses %s %s: %s", event.subject, event.id, refused.problem)


def batches(events: Sequence[Said]) -> Iterator[list[Said]]:
    """The events in their order, in batches no larger than intake takes."""
    batch: list[Said] = []
    size = 2
    for each in events:
        size += len(each.text) + 1
        if batch and size > MAX_BATCH_BYTES:
            yield batch
            batch, size = [], 2 + len(each.text) + 1
        batch.append(each)
    if batch:
        yield batch
