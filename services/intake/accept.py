"""Accepting: the mark, the receipt and the row of the outbox, in one transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from asyncpg.exceptions import UniqueViolationError
from uuid_utils.compat import uuid7

from schemas.envelope import SALT_BYTES, Event, stamp
from schemas.fact import Fault, content_hash
from schemas.identity import mark, speaker_of
from schemas.rulesets import RuleSet
from schemas.topics import PARTY_TOPICS, Line
from services.kit import outbox
from services.kit.auth import Principal
from services.kit.db import Connection, transaction
from services.kit.outbox import Outgoing

from . import store
from .rules import Sent, Wrong, at
from .store import Receipt
from .together import Together


@dataclass(frozen=True, slots=True)
class Accepted:
    """What is accepted, in the order it was sent; `known` was accepted before."""

    receipts: list[Receipt]
    known: frozenset[bytes]


async def accept(
    together: Together,
    sent: Sent,
    caller: Principal,
    rules: RuleSet,
    now: datetime,
    *,
    dry_run: bool,
) -> Accepted:
    """Accept all of it, durably, or nothing. Raises `Wrong` 409."""
    receipts = [
        receipt(event, caller, rules, now) for _, event in sorted(sent.events.items())
    ]
    if not dry_run and await are_new(together, receipts, rules):
        return Accepted(receipts, frozenset())
    try:
        async with transaction(together.pool) as conn:
            return await keep(conn, receipts, rules, sent, dry_run=dry_run)
    except UniqueViolationError:
        # another request accepted one of them meanwhile: now it is known
        async with transaction(together.pool) as conn:
            return await keep(conn, receipts, rules, sent, dry_run=dry_run)


async def are_new(
    together: Together, receipts: Sequence[Receipt], rules: RuleSet
) -> bool:
    """Keep them where all are said for the first time, as is usual; else nothing."""
    if len({each.mark for each in receipts}) < len(receipts):
        return False
    return await together.add_new(
        receipts, [outgoing(each, rules) for each in receipts]
    )


async def keep(
    conn: Connection,
    receipts: Sequence[Receipt],
    rules: RuleSet,
    sent: Sent,
    *,
    dry_run: bool,
) -> Accepted:
    first = await store.by_mark(conn, [each.mark for each in receipts])
    known = frozenset(first)
    new: list[Receipt] = []
    reused: list[Fault] = []
    for n, each in enumerate(receipts):
        if each.mark not in first:
            first[each.mark] = each
            new.append(each)
        elif not says_the_same(first[each.mark], each):
            fault = Fault("id_reused", "/id", "this id was used for other content")
            reused.append(at(fault, n) if sent.batch else fault)
    if reused:
        detail = "an id was used before for other content; take a new id"
        raise Wrong(409, "id_reused", detail, reused)
    if new and not dry_run:
        places = await outbox.append(conn, [outgoing(each, rules) for each in new])
        await store.add(conn, new, places)
    return Accepted([first[each.mark] for each in receipts], known)


def receipt(event: Event, caller: Principal, rules: RuleSet, now: datetime) -> Receipt:
    """The receipt, with the record as it will lie on Kafka."""
    said = cast("dict[str, str]", event.attributes)
    record = stamp(
        said,
        event.data_bytes or b"",
        line=rules.line_of(caller.orgnr),
        accepted=now,
        agreement=rules.agreement_at(now),
        ruleset=rules.number,
        salt=secrets.token_bytes(SALT_BYTES),
    )
    return Receipt(
        id=uuid7(),
        mark=mark(said["subject"], said["source"], said["id"]),
        emitter=speaker_of(said["source"]),
        supplier=caller.supplier,
        subject=said["subject"],
        source=said["source"],
        event_id=said["id"],
        type=said["type"],
        accepted=now,
        record=record,
    )


def outgoing(accepted: Receipt, rules: RuleSet) -> Outgoing:
    line = cast("Line", rules.line_of(accepted.emitter))
    return Outgoing(PARTY_TOPICS[line], accepted.subject.encode(), accepted.record)


def says_the_same(first: Receipt, again: Receipt) -> bool:
    return content_hash(first.record) == content_hash(again.record)
