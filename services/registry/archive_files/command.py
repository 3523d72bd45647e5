"""`python -m services.registry export-archive DIR` and `check-archive DIR`."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import orjson
from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException

from services.kit.command import Command
from services.kit.db import TRANSIENT, Connection, connect
from services.registry.handlers import GROUP
from services.registry.settings import Settings
from services.registry.telling import Telling, telling

from .beside_database import compare
from .checking import MOST, Checked, check
from .exporting import Exported, export
from .layout import Unreadable
from .left_out import explain

SCHEMA = "registry"
DONE, NOT_DONE, FAULTY = 0, 1, 3
T = TypeVar("T")


def folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="one object on one line")


def export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Writes the archive, as it is at one moment, to files of at most 2,000 "
        "records: exact bytes, coordinates, times, and a manifest with the SHA-256 of "
        "each file. The service may run meanwhile. Given the same folder again it "
        "writes only what is new; one that was broken off is gone on with."
    )
    folder(parser)
    parser.add_argument(
        "--without-kafka",
        action="store_true",
        help="do not ask Kafka why offsets are left out; a check then says so",
    )


def check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Reads every file of an export: its hash, each record anew by its rule set "
        "and with the hash of its data, and that every offset is a record or is said "
        "to be none. Ends with 3 where anything is wrong, and says what."
    )
    folder(parser)
    parser.add_argument(
        "--with-database",
        action="store_true",
        help="compare with the archive in DATABASE_URL too",
    )


def run_export(chosen: argparse.Namespace) -> int:
    around = Settings().surroundings
    kafka = None if chosen.without_kafka else around.kafka_bootstrap

    async def work(told: Telling) -> int:
        found = await in_snapshot(
            around.postgres,
            lambda conn: export_and_explain(conn, chosen.folder, kafka, told),
        )
        sys.stdout.write(export_as_json(found) if chosen.json else in_words(found))
        return DONE

    return saying_what_hinders(work)


def run_check(chosen: argparse.Namespace) -> int:
    # files alone need no settings
    url = Settings().surroundings.postgres if chosen.with_database else None

    async def work(told: Telling) -> int:
        found = check(chosen.folder, told)
        if url is not None:
            await in_snapshot(
                url, lambda conn: compare(conn, chosen.folder, found, told)
            )
        sys.stdout.write(check_as_json(found) if chosen.json else faults_of(found))
        return FAULTY if found.faults.count else DONE

    return saying_what_hinders(work)


async def in_snapshot(
    url: str, work: Callable[[Connection], Coroutine[Any, Any, T]]
) -> T:
    """Do it with a connection that sees one moment, and changes nothing."""
    conn = await connect(url, SCHEMA)
    try:
        async with conn.transaction(isolation="repeatable_read", readonly=True):
            return await work(conn)
    finally:
        await conn.close()


async def export_and_explain(
    conn: Connection,
    into: Path,
    kafka: str | None,
    told: Telling,
) -> Exported:
    found = await export(conn, GROUP, into, told)
    if kafka is not None:
        await explain(conn, GROUP, kafka, into, found.manifest, told)
    return found


def saying_what_hinders(work: Callable[[Telling], Coroutine[Any, Any, int]]) -> int:
    """Do it; the exit status. What hinders is said in one sentence."""
    try:
        with telling() as told:
            return asyncio.run(work(told))
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
    except (KafkaError, KafkaException) as error:
        sys.stderr.write(
            f"Kafka does not answer ({type(error).__name__}); export again, or with "
            "--without-kafka\n"
        )
    except (*TRANSIENT, asyncpg.InterfaceError, asyncpg.PostgresError) as error:
        sys.stderr.write(
            f"not done ({type(error).__name__}): does Postgres answer, is it migrated, "
            "can the folder be written? Give the command again\n"
        )
    return NOT_DONE


def in_words(found: Exported) -> str:
    manifest = found.manifest
    left_out = [each.left_out for each in manifest.partitions]
    known = sum(each.records for each in left_out if each is not None)
    return (
        f"{manifest.records:,} records of {len(manifest.partitions)} partitions: "
        f"{found.written} files written, {found.kept} there already; "
        f"{known:,} offsets left out, each with why\n"
    )


def export_as_json(found: Exported) -> str:
    told = {
        "records": found.manifest.records,
        "written": found.written,
        "kept": found.kept,
    }
    return orjson.dumps(told).decode() + "\n"


def faults_of(found: Checked) -> str:
    faults, records = found.faults, found.manifest.records
    if not faults.count:
        return f"{records:,} records: every one as it was archived, none is missing\n"
    more = faults.count - len(faults.told)
    rest = [f"and {more:,} more; the first {MOST} are told"] if more else []
    told = [*faults.told, *rest, f"{records:,} records, {faults.count:,} faults"]
    return "\n".join(told) + "\n"


def check_as_json(found: Checked) -> str:
    told = {
        "records": found.manifest.records,
        "faults": found.faults.count,
        "told": found.faults.told,
    }
    return orjson.dumps(told).decode() + "\n"


EXPORT = Command(
    "export-archive",
    "write the archive to files, with a manifest",
    export_arguments,
    run_export,
)
CHECK = Command(
    "check-archive",
    "check such files: hashes, every record, every offset",
    check_arguments,
    run_check,
)
