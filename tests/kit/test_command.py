"""The command line: what is missing is named, and Postgres is waited for."""

import asyncio
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.kit import broker, command
from services.kit.application import application
from services.kit.command import Command, Service, main
from services.kit.settings import Surroundings
from tests.stack import fresh_database

from .test_http import no_work


class Settings(BaseSettings):
    """Settings of a service that exists in the tests alone."""

    model_config = SettingsConfigDict(env_prefix="TIDLIG_TEST_", frozen=True)

    host: str = "127.0.0.1"
    port: int = 0
    key: str
    surroundings: Surroundings = Field(default_factory=Surroundings)


def build(_: Settings) -> FastAPI:
    return application("test", "", APIRouter(), no_work)


@pytest.fixture
def service(tmp_path: Path) -> Service[Settings]:
    (tmp_path / "0001_first.sql").write_text("-- migrate:up\nCREATE TABLE first ();\n")
    hello = Command("hello", "say hello", command.nothing, lambda _: 7)
    return Service("kit", "A test.", Settings, build, [tmp_path], [hello])


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """All that must be set is set."""
    monkeypatch.setattr(command, "PATIENCE", timedelta(seconds=1))
    monkeypatch.setenv("TIDLIG_TEST_KEY", "x")
    monkeypatch.setenv("TIDLIG_TOKEN_ISSUER", "https://issuer.invalid/")
    monkeypatch.setenv("TIDLIG_TOKEN_JWKS", "file:///nowhere")
    return monkeypatch


def test_a_command_of_the_services_own_ends_with_its_own_status(
    service: Service[Settings],
) -> None:
    assert main(service, ["hello"]) == 7


@pytest.mark.parametrize("name", ["serve", "migrate"])
@pytest.mark.parametrize("missing", ["TIDLIG_TEST_KEY", "TIDLIG_TOKEN_JWKS"])
def test_a_missing_setting_is_named_as_it_must_be_set(
    service: Service[Settings],
    surroundings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    missing: str,
) -> None:
    surroundings.delenv(missing)

    status = main(service, [name])

    assert status == 2
    said = capsys.readouterr().err.splitlines()
    assert said[1:] == [f"  {missing.replace('TEST', 'KIT')}: Field required"]


def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    service: Service[Settings],
    surroundings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    surroundings.setenv("TIDLIG_TEST_PORT", "hemmelig")

    status = main(service, ["serve"])

    said = capsys.readouterr().err
    assert status == 2
    assert "TIDLIG_KIT_PORT" in said
    assert "hemmelig" not in said


def test_without_the_compiled_parser_of_records_it_does_not_start() -> None:
    """Another process: aiokafka chooses its parser when it is imported."""
    script = (
        "from services.kit.command import Service, main\n"
        "from tests.kit.test_command import Settings, build\n"
        "service = Service('test', '', Settings, build, [])\n"
        "raise SystemExit(main(service, ['serve']))\n"
    )
    found = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-c", script],
        env={**os.environ, "AIOKAFKA_NO_EXTENSIONS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 1
    assert "no compiled record parser" in found.stderr.splitlines()[-1]
    assert broker.reads_records_fast()


def test_an_unknown_command_is_answered_with_those_there_are(
    service: Service[Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(service, ["delete-everything"])

    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert all(name in said for name in ("serve", "migrate", "hello"))


async def migrating(service: Service[Settings]) -> int:
    return await asyncio.to_thread(main, service, ["migrate"])


async def test_migrating_says_what_was_done_and_what_needed_not_be(
    service: Service[Settings],
    surroundings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    admin_url: str,
) -> None:
    url = await fresh_database(admin_url, ["kit"])
    surroundings.setenv("DATABASE_URL", url)

    statuses = [await migrating(service) for _ in range(2)]

    assert statuses == [0, 0]
    said = capsys.readouterr().out.splitlines()
    assert said == ["kit: 0001_first", "kit: up to date"]


async def test_a_changed_file_ends_it_with_a_sentence(
    service: Service[Settings],
    surroundings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    admin_url: str,
) -> None:
    surroundings.setenv("DATABASE_URL", await fresh_database(admin_url, ["kit"]))
    await migrating(service)
    (service.migrations[0] / "0001_first.sql").write_text("-- migrate:up\n")

    status = await migrating(service)

    assert status == 1
    assert "restore it and add a new file" in capsys.readouterr().err


async def test_a_postgres_that_never_comes_ends_it_with_a_sentence(
    service: Service[Settings],
    surroundings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    surroundings.setenv("DATABASE_URL", "postgresql://u:hemmelig@127.0.0.1:9/nowhere")

    status = await migrating(service)

    said = capsys.readouterr().err
    assert status == 1
    assert said.startswith("Postgres does not let us in")
    assert "is DATABASE_URL right?" in said
    assert "hemmelig" not in said
    assert "Traceback" not in said


async def test_a_database_that_does_not_exist_ends_it_with_a_sentence_at_once(
    service: Service[Settings],
    surroundings: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    admin_url: str,
) -> None:
    url = urlunsplit(urlsplit(admin_url)._replace(path="/nowhere"))
    surroundings.setenv("DATABASE_URL", url)
    surroundings.setattr(command, "PATIENCE", timedelta(minutes=5))

    status = await migrating(service)

    assert status == 1
    assert "is DATABASE_URL right?" in capsys.readouterr().err


async def test_a_postgres_that_is_on_its_way_is_waited_for(
    service: Service[Settings],
    surroundings: pytest.MonkeyPatch,
    admin_url: str,
) -> None:
    url = await fresh_database(admin_url, ["kit"])
    at = urlsplit(url)
    refused: list[bytes] = []

    async def on_its_way(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Hang up at first; then be the Postgres that is behind."""
        if len(refused) < 2:
            refused.append(b"")
            writer.close()
            return
        there, back = await asyncio.open_connection(at.hostname, at.port)
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    async with await asyncio.start_server(on_its_way, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        auth = at.netloc.rpartition("@")[0]
        through = at._replace(netloc=f"{auth}@127.0.0.1:{port}".lstrip("@"))
        surroundings.setenv("DATABASE_URL", urlunsplit(through))
        surroundings.setattr(command, "PATIENCE", timedelta(seconds=20))

        status = await migrating(service)

    assert status == 0
    assert len(refused) == 2


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(65_536):
        writer.write(some)
        await writer.drain()
    writer.close()
