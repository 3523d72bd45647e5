"""The client before real services, killed in the middle, on a way that loses words."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from deploy.local import waiting
from schemas.client import Emitter, Follower
from schemas.fact import Fact
from schemas.initiative import InitiativeRegistered
from schemas.responses import InitiativeAcknowledged
from schemas.sharing import InitiativeShared
from services.delivery import app as delivery
from services.delivery.settings import Settings as DeliverySettings
from services.intake import app as intake
from services.intake.settings import Settings as IntakeSettings
from tests.stack import Stack, until

from .emitting import INITIATIVES, subject_of
from .scripted import HANG_UP, Answer, problem
from .served import served, way_to

NAV, KS = "889640782", "971032146"
ROOT = Path(__file__).parents[3]
KEY = SecretStr(urlsafe_b64encode(b"k" * 32).decode())
Json = dict[str, Any]
pytestmark = pytest.mark.usefixtures("in_a_hurry")


@dataclass
class Services:
    """Intake and delivery on their ports."""

    stack: Stack
    intake: str
    delivery: str

    def token(self, orgnr: str) -> str:
        return self.stack.issuer.token(orgnr)

    def process(self, module: str, *arguments: str, orgnr: str) -> "Process":
        return subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", f"tests.schemas.client.{module}", *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": ".", "TIDLIG_TOKEN": self.token(orgnr)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def receipts(self) -> list[Json]:
        """All that Nav's systems have had accepted, in the order of the topic."""
        headers = {"Authorization": f"Bearer {self.token(NAV)}"}
        found = httpx.get(f"{self.intake}/receipts?limit=1000", headers=headers).json()
        receipts: list[Json] = found["receipts"]
        if any("published" not in each for each in receipts):
            return []
        return sorted(receipts, key=lambda each: each["published"]["offset"])

    async def published(self, prefix: str) -> list[Json]:
        """The receipts of one outbox, once all of them lie on the topic."""

        async def asked() -> list[Json]:
            return await asyncio.to_thread(self.receipts)

        found = await until(asked, seconds=30, what="the topic")
        return [each for each in found if each["id"].startswith(prefix)]


Process = subprocess.Popen[str]


@pytest.fixture(scope="module")
async def services(stack: Stack) -> AsyncIterator[Services]:
    around = await stack.prepare("intake", "delivery")
    with ExitStack() as opened:
        at = opened.enter_context
        yield Services(
            stack,
            at(served(intake.build(IntakeSettings(surroundings=around)))),
            at(
                served(
                    delivery.build(
                        DeliverySettings(surroundings=around, sealing_key=KEY)
                    )
                )
            ),
        )


def is_once_and_in_order(receipts: list[Json], outbox: str, rows: int) -> None:
    ids = [each["id"] for each in receipts]
    assert sorted(ids) == sorted(f"{outbox}-{row}" for row in range(rows))
    for subject in map(subject_of, range(INITIATIVES)):
        of_one = [e["id"] for e in receipts if e["subject"] == subject]
        meant = [f"{outbox}-{n}" for n in range(rows) if subject_of(n) == subject]
        assert of_one == meant


async def test_an_emitter_killed_again_and_again_has_all_accepted_once_in_its_order(
    services: Services, tmp_path: Path
) -> None:
    """Killed when intake has accepted and the answer is on its way."""
    rows, kills, alive = 200, 6, list[Process]()
    chance = random.Random(4)  # noqa: S311  # no secret

    def meddle(number: int, forward: Callable[[], Answer]) -> Answer:
        if number % 7 == 3:
            return problem(503, "unavailable", Retry_After="0")
        answer = forward()
        if number % 2 and killed < kills:
            alive[-1].send_signal(signal.SIGKILL)
            return HANG_UP
        return HANG_UP if chance.random() < 0.3 else answer

    killed = 0
    outbox = tmp_path / "drept"
    with way_to(services.intake, meddle) as way:
        for _ in range(kills + 1):
            arguments = (way.url, str(outbox), str(rows))
            alive.append(services.process("emitting", *arguments, orgnr=NAV))
            said, _ = await asyncio.to_thread(alive[-1].communicate, timeout=90)
            if alive[-1].returncode == -signal.SIGKILL:
                killed += 1

    assert killed == kills
    assert said == "0 refused, 0 waiting\n"
    is_once_and_in_order(await services.published("drept"), "drept", rows)


async def test_two_processes_on_one_outbox_have_all_accepted_once_in_its_order(
    services: Services, tmp_path: Path
) -> None:
    rows, outbox = 120, tmp_path / "delt"
    arguments = (services.intake, str(outbox), str(rows))
    both = [services.process("emitting", *arguments, orgnr=NAV) for _ in range(2)]

    told = [await asyncio.to_thread(each.communicate, timeout=90) for each in both]

    assert [said for said, _ in told] == ["0 refused, 0 waiting\n"] * 2
    is_once_and_in_order(await services.published("delt"), "delt", rows)


def test_what_intake_itself_refuses_is_kept_with_its_reason(
    services: Services, tmp_path: Path
) -> None:
    with Emitter(
        services.intake,
        services.token(KS),
        source=f"urn:orgnr:{NAV}:feil-token",
        outbox=tmp_path / "ut.db",
    ) as emitter:
        data = InitiativeRegistered(title="x", problem="y", contact_role="z")
        emitter.say(data, subject=f"{NAV}:feil-token", id="feil-1")

        flushed = emitter.flush()

        (refused,) = emitter.refused()
    assert flushed.refused == 1
    assert refused.problem is not None
    assert (refused.problem.status, refused.problem.code) == (403, "not_your_source")
    assert refused.problem.faults[0].pointer == "/source"


async def test_a_follower_killed_in_the_middle_handles_all_and_acknowledges_no_sooner(
    services: Services, tmp_path: Path
) -> None:
    subjects = await asyncio.to_thread(announce_to_ks, services, tmp_path)
    state = str(tmp_path / "sted.db")

    async def handled(killed_at: int | None) -> list[str]:
        return await asyncio.to_thread(follow, services, state, killed_at)

    first = await handled(3)
    second = await handled(4)
    received_before = await received(services)
    third = await handled(9)
    rest = await handled(None)

    whole = [line.rpartition(" ")[0] for line in third[:5] + rest]
    meant = [f"{subject} {subject}-{n}" for subject in subjects for n in (1, 2)]
    assert [event for event in whole if event in meant] == meant
    assert len(whole) == len(set(whole))
    # what was in hand when it was killed comes as if for the first time
    assert seen_before(first) == [False] * 3
    assert seen_before(second) == [True, True, False, False]
    assert seen_before(third) == [True] * 3 + [False] * 6
    assert seen_before(rest)[:4] == [True] * 3 + [False]
    # pages are of five: none was finished before the third run
    assert received_before == 0
    assert await received(services) == len(subjects)


def seen_before(lines: list[str]) -> list[bool]:
    return [line.endswith(" True") for line in lines]


async def received(services: Services) -> int:
    """Of how many initiatives the owners have been told that somebody has them."""
    async with services.stack.connection("delivery") as conn:
        return int(await conn.fetchval("SELECT count(*) FROM received"))


def announce_to_ks(services: Services, folder: Path) -> list[str]:
    """Twelve initiatives, shared with KS, as it then finds them in its feed."""
    subjects = [f"{NAV}:lest-{n:02}" for n in range(12)]
    with Emitter(
        services.intake,
        services.token(NAV),
        source=f"urn:orgnr:{NAV}:saksys",
        outbox=folder / "ut.db",
    ) as emitter:
        data = InitiativeRegistered(title="x", problem="y", contact_role="z")
        for subject in subjects:
            emitter.say(data, subject=subject, id=f"{subject}-1")
            emitter.say(
                InitiativeShared(),
                subject=subject,
                audience=f"org:{KS}",
                id=f"{subject}-2",
            )
            emitter.flush()
            wait_until_readable(services, f"{subject}-1")
    return subjects


def wait_until_readable(services: Services, id: str) -> None:
    headers = {"Authorization": f"Bearer {services.token(KS)}"}

    def is_readable() -> bool:
        page = httpx.get(f"{services.delivery}/feed?limit=1000", headers=headers)
        return id in {event["id"] for event in page.json()}

    assert waiting.until(is_readable, 30), f"{id} does not become readable"


def follow(services: Services, state: str, killed_at: int | None) -> list[str]:
    """What a follower was given, until it is killed with so many lines, or is done."""
    lines: list[str] = []
    arguments = (services.delivery, state)
    with services.process("following", *arguments, orgnr=KS) as follower:
        assert follower.stdin is not None
        assert follower.stdout is not None
        for line in follower.stdout:
            lines.append(line.strip())
            if len(lines) == killed_at:
                follower.kill()
                break
            follower.stdin.write("\n")
            follower.stdin.flush()
    return lines


def test_what_is_said_is_followed_typed_and_answered(
    services: Services, tmp_path: Path
) -> None:
    subject = f"{NAV}:samtale"

    def emitter(orgnr: str) -> Emitter:
        return Emitter(
            services.intake,
            lambda: services.token(orgnr),
            source=f"urn:orgnr:{orgnr}:saksys",
            outbox=tmp_path / f"{orgnr}.db",
        )

    def found(orgnr: str, id: str) -> Any:
        with Follower(
            services.delivery,
            lambda: services.token(orgnr),
            state=tmp_path / f"{orgnr}-sted.db",
        ) as follower:
            return next(event for event in follower if event.id == id)

    with emitter(NAV) as nav, emitter(KS) as ks:
        told = InitiativeRegistered(title="Samtale", problem="y", contact_role="z")
        nav.start().say(told, subject=subject, id="samtale-1")
        nav.say(InitiativeShared(), subject=subject, audience="municipal")
        heard = found(KS, "samtale-1")
        word = InitiativeAcknowledged(reader_role="Digitaliseringsrådgiver")
        ks.start().say(word, subject=heard.subject, id="samtale-2")
        answered = found(NAV, "samtale-2")

    assert heard.data == told
    assert answered.data == word
    assert (answered.speaker, answered.owner) == (KS, NAV)
    judged = answered.admitted()
    assert isinstance(judged, Fact)
    assert judged.data == word
