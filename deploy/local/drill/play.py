"""The drill, in order: backups, a lost Postgres, a lost Kafka, a count of all facts."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import stamina
from rich.console import Console

from deploy.local import jars
from deploy.local.demo.asking import Away
from deploy.local.demo.emitter import Refused
from deploy.local.down import down
from deploy.local.trouble import CannotRun
from deploy.local.up import up

from . import backup
from .losing_kafka import kafka_is_lost, kafka_was_restored
from .losing_postgres import postgres_is_lost, postgres_was_restored
from .proof import Proof
from .readiness import Watch
from .stage import INITIATIVES, Failed, Stage
from .told import Telling

OK, FAILED = 0, 1
WIDE = 150
KEEP = "keep"
# what names another stack, or servers that somebody uses
GIVEN = ("TIDLIG_KAFKA_BOOTSTRAP", "DATABASE_URL", "TIDLIG_LOCAL")


def drill(*, broken: bool, keep: bool) -> int:
    """Play it on a stack of its own, and leave nothing of it. The exit status.

    `broken` leaves one fact out of what is written to Kafka again: it must be noticed.
    `keep` leaves the folder, with all logs, where the drill failed.
    """
    stamina.instrumentation.set_on_retry_hooks([])
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    with own_stack() as folder:
        code = up(folder, detach=True)
        if code == OK:
            code = play(Stage(folder, Telling(console), broken))
        if code != OK and keep:
            (folder / KEEP).touch()
            console.print(f"its data and logs lie in {folder}", highlight=False)
        return code


@contextmanager
def own_stack() -> Iterator[Path]:
    """A folder for a stack that knows of no other; nothing of it is left, however it
    ends, unless a file there says so.
    """
    kept = {name: os.environ.pop(name) for name in GIVEN if name in os.environ}
    had_jars = os.environ.get("TIDLIG_JARS")
    os.environ["TIDLIG_JARS"] = str(jars.folder())
    folder = Path(tempfile.mkdtemp(prefix="tidlig-drill-"))
    # as root Postgres is another user, and passes through
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        down(folder)
        if not (folder / KEEP).exists():
            shutil.rmtree(folder)
        os.environ.update(kept)
        if had_jars is None:
            del os.environ["TIDLIG_JARS"]


def play(stage: Stage) -> int:
    """Play every act; the exit status."""
    faults: list[str] = []
    counts: dict[str, int] = {}
    try:
        for act in ACTS:
            act(stage)
        found = count(stage)
        faults, counts = found.faults, found.counts
    except (Failed, Away, Refused, CannotRun, httpx.HTTPError, OSError) as failure:
        faults.append(f"{type(failure).__name__}: {failure}")
        for name, sentences in Watch(stage.stack).look().items():
            faults += [f"{name}: {each}" for each in sentences]
    stage.telling.show()
    stage.telling.conclude(faults, counts)
    return FAILED if faults else OK


def before_the_backup(stage: Stage) -> None:
    with stage.telling.step("facts before the backup") as step:
        said = stage.owners.emit(stage.story.announcements(INITIATIVES))
        stage.all_arrive()
        step.showed = f"{len(said)} acknowledged, archived, given to KS"


def take_backups(stage: Stage) -> None:
    with stage.telling.step("backup of Postgres, while it serves") as step:
        backup.of_postgres(stage.stack, stage.copies / "postgres")
        step.showed = "pg_basebackup"
    with stage.telling.step("backup of Kafka, while it serves") as step:
        backup.of_kafka(stage.stack, stage.copies / "kafka")
        step.showed = "its folder at one moment"


def after_the_backup(stage: Stage) -> None:
    with stage.telling.step("facts after the backup") as step:
        said = stage.owners.emit(stage.story.changes(2 * INITIATIVES, INITIATIVES))
        stage.all_arrive()
        step.showed = f"{len(said)} acknowledged, archived, given to KS"


def count(stage: Stage) -> Proof:
    """All facts, wherever they should be."""
    with stage.telling.step("new facts, and the count of all") as step:
        stage.owners.emit(stage.story.changes(INITIATIVES))
        stage.all_arrive(strictly=False)
        found = stage.proof()
        step.showed = f"lost {len(found.lost)}, twice {found.twice}"
    return found


ACTS: tuple[Callable[[Stage], None], ...] = (
    before_the_backup,
    take_backups,
    after_the_backup,
    postgres_is_lost,
    postgres_was_restored,
    kafka_is_lost,
    kafka_was_restored,
)
