"""Postgres is lost, and with it what lay nowhere else; an older backup is restored."""

from datetime import datetime
from signal import SIGKILL
from time import monotonic

from deploy.local.demo.says import KS
from deploy.local.kafka import Broker
from deploy.local.processes import send

from . import asked, backup
from .readiness import Watch, seconds_since
from .stage import INITIATIVES, PATIENCE, Failed, Stage


def postgres_is_lost(stage: Stage) -> None:
    """With intake, while Kafka is away: some acknowledged facts are nowhere else."""
    with stage.telling.step("Kafka and intake are killed, Postgres is lost") as step:
        send(stage.stack.processes[Broker.name], SIGKILL)
        stage.owners.emit(stage.story.changes(INITIATIVES))
        send(stage.stack.processes["intake"], SIGKILL)
        stage.nowhere_else = asked.identities(asked.ask(stage.stack, asked.UNSENT))
        stage.lost_at = monotonic()
        backup.put_back_postgres(stage.stack, stage.copies / "postgres")
        step.showed = f"{len(stage.nowhere_else)} acknowledged facts lay nowhere else"
    if not stage.nowhere_else:
        raise Failed("Kafka was back too soon: nothing is lost that could be named")


def postgres_was_restored(stage: Stage) -> None:
    """Everything that then has to be done is done by the parties."""
    comes_back(stage)
    since = the_gap_is_named(stage)
    with stage.telling.step("their owners send again all since then") as step:
        again = stage.owners.emit_again(since)
        step.showed = f"{again} facts, each acknowledged again"
    with stage.telling.step("KS reads on with its cursor") as step:
        stage.reads_anew("Postgres was restored")
        stage.all_arrive()
        step.showed = "410, told to begin anew: it has all, once"


def comes_back(stage: Stage) -> None:
    watch = Watch(stage.stack)
    with stage.telling.step("Postgres comes back as it was at the backup") as step:
        watch.look()
        if not watch.all_ready(PATIENCE):
            raise Failed(f"not ready after {PATIENCE:.0f} s: {watch.look()}")
        seconds = seconds_since(stage.lost_at)
        step.showed = f"all ready {seconds} s after the loss"
    stage.telling.found["postgres_recovery_seconds"] = seconds
    stage.telling.found["said_meanwhile"] = watch.said


def the_gap_is_named(stage: Stage) -> datetime:
    """Just what lay nowhere else has no receipt, and lies in the gap. Since when."""
    title = "intake takes back what is on Kafka, names the gap"
    with stage.telling.step(title) as step:
        known = asked.identities(asked.ask(stage.stack, asked.RECEIPTS))
        missing = stage.owners.accepted - known
        if missing != stage.nowhere_else:
            odd = len(missing ^ stage.nowhere_else)
            raise Failed(f"{odd} facts have a receipt that should not, or none")
        since, until = gap(stage)
        outside = [
            saying
            for at, saying in stage.owners.said
            if saying.identity in missing and not since <= at <= until
        ]
        if outside:
            raise Failed(f"{len(outside)} lost facts lie outside the named gap")
        step.showed = (
            f"{len(missing)} have no receipt, all in the gap from "
            f"{since:%H:%M} to {until:%H:%M:%S}"
        )
    stage.telling.found["gap"] = {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "acknowledged_and_not_to_be_had": len(missing),
    }
    return since


def gap(stage: Stage) -> tuple[datetime, datetime]:
    """The newest that intake names. Raises `Failed`."""
    answer = stage.owners.emitter.intake.get("/receipts?limit=1", KS)
    gaps = answer.raise_for_status().json().get("gaps", [])
    if not gaps:
        raise Failed("intake was restored and names no gap")
    since, until = (gaps[0][end] for end in ("since", "until"))
    return datetime.fromisoformat(since), datetime.fromisoformat(until)
