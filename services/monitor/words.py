"""What each number that is not zero means, and what to do about it. Pure."""

from schemas import topics

from .report import (
    GroupLag,
    Outbox,
    Parked,
    PartitionLag,
    Rejected,
    Report,
    ServiceState,
    Stopped,
    Verdict,
)

EXIT_STATUS: dict[Verdict, int] = {"caught_up": 0, "behind": 1, "unknown": 2}
CONCLUSIONS: dict[Verdict, str] = {
    "caught_up": "Nothing is behind.",
    "behind": "Something is behind: see above what to do.",
    "unknown": "Not everybody could be asked, so this is no all-clear:",
}
UNANSWERED = "could not be asked, or not all of it: see below"


def of_group(group: GroupLag) -> str:
    """Who must do what, so that the group comes to the end."""
    if group.error:
        return UNANSWERED
    if not group.records:
        return ""
    if group.source == "checkpoint":
        return of_own_group(group)
    if not group.members:
        return "nobody reads: its owner must start it, or delete the group"
    if group.state != "STABLE":
        return "it rebalances: look again in a moment"
    return "if this does not fall, ask the owner of the members named below"


def of_own_group(group: GroupLag) -> str:
    if group.state == "ABSENT":
        return f"has never run: start it (`python -m services.{group.name} serve`)"
    if not group.members:
        return (
            f"not running: start it (`python -m services.{group.name} serve`); "
            "its log says why it ended"
        )
    return f"if this does not fall, read `/ready` and the log of {group.name}"


def of_partition(group: GroupLag, part: PartitionLag, *, stopped: bool) -> str:
    """What is peculiar to the partition, or who holds it."""
    if part.ahead:
        return (
            f"{part.ahead} beyond the end of the log: Kafka lost records or was "
            "restored; do not write to it before it has them again"
        )
    if part.expired:
        return (
            f"{part.expired} were deleted unread: see the topic's retention, and "
            "have them sent again"
        )
    if stopped:
        return "stopped: see below"
    if part.next is None:
        return "never committed: counted from the beginning of the log"
    if part.records and part.seconds is None:
        return "its age was not read in time: ask again"
    return held_by(group, part) if part.records else ""


def held_by(group: GroupLag, part: PartitionLag) -> str:
    if part.member is not None:
        host = part.member.host.lstrip("/")
        return f"held by {part.member.client_id} at {host}"
    return "no member holds it: are all members up?" if group.members else ""


def of_stop(stop: Stopped) -> str:
    if stop.error_class == "Newer":
        return (
            f"the record needs newer code: deploy a newer {stop.group}; "
            "it then goes on by itself"
        )
    return "mend the code there and deploy: it tries again by itself"


def of_parked(fact: Parked) -> str:
    if fact.set_aside:
        return "set aside: it has no effect until it is reinstated"
    waits = f"{fact.waiting_behind} of its speaker's wait behind it; "
    return (
        f"{waits if fact.waiting_behind else ''}mend the code there, deploy, then "
        f"`python -m services.{fact.group} redrive`"
    )


def of_outbox(service: ServiceState, outbox: Outbox) -> str:
    if not outbox.waiting:
        return ""
    return (
        f"if this does not fall, {service.name} cannot reach Kafka: "
        "read its `/ready` and its log"
    )


def of_rejected(rejected: Rejected) -> str:
    if not rejected.recent:
        return ""
    return (
        "somebody wrote past intake, or it has a bug: each record on "
        f"{topics.REJECTED.name} says where it lay and why"
    )


def conclusion(report: Report) -> list[str]:
    """The verdict, with what could not be asked."""
    return [CONCLUSIONS[report.verdict], *(f"  {each}" for each in report.unanswered)]
