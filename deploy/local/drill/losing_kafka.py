"""Kafka is lost, with facts that the archive has not; an older copy comes back."""

import os
import sys
from collections import Counter
from signal import SIGKILL, SIGSTOP
from time import monotonic

from deploy.local import lag, oneshot
from deploy.local.demo import sets
from deploy.local.down import down
from deploy.local.folder import CHECKOUT, log_of
from deploy.local.kafka import Broker
from deploy.local.part import started
from deploy.local.plan import environment
from deploy.local.postgres import Server
from deploy.local.processes import send
from deploy.local.services import KNOWN
from deploy.local.supervise import DONE
from deploy.local.up import up

from . import backup, topics_anew
from .readiness import Watch, seconds_since
from .stage import CONSUMERS, INITIATIVES, PATIENCE, Failed, Stage
from .topics_anew import ARCHIVE, DELIVERY, INTAKE


def kafka_is_lost(stage: Stage) -> None:
    """It comes back without its end; what is acknowledged meanwhile is put there."""
    with stage.telling.step("facts that only intake and Kafka have") as step:
        for name in CONSUMERS:
            send(stage.stack.processes[name], SIGSTOP)
        said = stage.owners.emit(stage.story.changes(INITIATIVES))
        stage.wait("the outbox to be sent", stage.all_are_sent)
        step.showed = f"{len(said)}: registry and delivery stand still"
    with stage.telling.step("Kafka is lost, and they are killed") as step:
        stage.lost_at = monotonic()
        frozen = [stage.stack.processes[name] for name in CONSUMERS]
        backup.put_back_kafka(stage.stack, stage.copies / "kafka")
        for process in frozen:
            send(process, SIGKILL)
        # few for most initiatives, and for one of each owner more than were lost
        said = stage.owners.emit(stage.story.changes(INITIATIVES))
        said |= stage.owners.emit(stage.story.changes(30, 1))
        step.showed = f"{len(said)} facts acknowledged while it is away"
    watch = Watch(stage.stack)
    with stage.telling.step("Kafka comes back as it was at the backup") as step:
        stage.wait("the outbox to be sent", stage.all_are_sent)
        if not watch.all_say(CONSUMERS, "LostEnd", PATIENCE):
            raise Failed(f"nobody noticed that Kafka lost records: {watch.look()}")
        on_kafka = set(sets.in_kafka(stage.stack.bootstrap))
        gone = stage.owners.accepted - on_kafka
        step.showed = (
            f"{len(gone)} facts are gone; registry and delivery say LostEnd, pass "
            "nothing over"
        )
    stage.telling.found["gone_from_kafka"] = len(gone)


def kafka_was_restored(stage: Stage) -> None:
    """What an operator has to do then."""
    with stage.telling.step("operator: all is stopped") as step:
        down(stage.folder)
        step.showed = "down"
    topics_are_made_anew(stage)
    with stage.telling.step("operator: all is started") as step:
        if up(stage.folder, detach=True) != DONE:
            raise Failed("the stack did not start")
        stage.wait("lag to be 0", lambda: lag.caught_up(stage.stack))
        seconds = seconds_since(stage.lost_at)
        step.showed = (
            f"groups begin anew, drop what they have; {seconds} s after the loss"
        )
    stage.telling.found["kafka_recovery_seconds"] = seconds
    with stage.telling.step("operator: delivery make-again") as step:
        make_again(stage)
        stage.reads_anew("the log was made again")
        step.showed = "words that Kafka lost are said again; 410, KS begins anew"


def topics_are_made_anew(stage: Stage) -> None:
    """With Kafka and Postgres alone."""
    stack = stage.stack
    ports = stack.ports
    broker = Broker(stage.folder, ports[Broker.name], ports["controller"])
    server = Server(stage.folder, ports[Server.name])
    with (
        stage.telling.step("operator: topics made anew from the archive") as step,
        started(broker),
        started(server),
    ):
        records = topics_anew.known(stack)
        if stage.broken:
            records.remove(next(each for each in records if each.who == INTAKE))
        topics_anew.make_anew(stack.bootstrap, records)
        of = Counter(each.who for each in records)
        step.showed = (
            f"{of[ARCHIVE]} records of the archive, {of[DELIVERY]} that only delivery "
            f"had, {of[INTAKE]} that only intake had"
        )


def make_again(stage: Stage) -> None:
    stack = stage.stack
    delivery = next(each for each in KNOWN if each.name == "delivery")
    oneshot.run(
        "make-again",
        (
            *(sys.executable, "-m", delivery.module, "make-again"),
            *("--reason", "Kafka was restored from an older backup"),
        ),
        log_of(stage.folder, "make-again"),
        env={**os.environ, **environment(delivery, stack)},
        cwd=CHECKOUT,
    )
