"""Jars: each is the one in the lock, or there is none."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.trouble import CannotRun

NAMES = ("alpha", "beta")


@dataclass
class Maven:
    """A repository on loopback: `serves` has the bytes of each jar."""

    lock: Path
    serves: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str) -> bytes | None:
        name = path.rpartition("/")[2]
        if name.endswith(".jar"):
            self.asked.append(name)
        return self.serves.get(name)


@pytest.fixture
def maven(tmp_path: Path) -> Iterator[Maven]:
    serves = {f"{name}-1.jar": name.encode() * 1000 for name in NAMES}
    lines = [
        f"no.example:{name}:1 {hashlib.sha256(serves[f'{name}-1.jar']).hexdigest()}\n"
        for name in NAMES
    ]
    (tmp_path / "lock").write_text("".join(lines))
    maven = Maven(tmp_path / "lock", serves)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = maven.answer(self.path)
            self.send_response(200 if body else 404)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        maven.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield maven
        server.shutdown()
        thread.join()


def fetch(maven: Maven, place: Path) -> list[Path]:
    return jars.fetch(place, lock=maven.lock, source=maven.url)


def test_a_second_fetch_fetches_nothing(maven: Maven, tmp_path: Path) -> None:
    first = fetch(maven, tmp_path / "jars")
    second = fetch(maven, tmp_path / "jars")

    assert first == second
    assert sorted(maven.asked) == ["alpha-1.jar", "beta-1.jar"]


def test_a_jar_with_a_wrong_hash_is_refused(maven: Maven, tmp_path: Path) -> None:
    maven.serves["beta-1.jar"] = b"something else"

    with pytest.raises(CannotRun, match=r"beta-1\.jar has sha256"):
        fetch(maven, tmp_path / "jars")

    assert not (tmp_path / "jars" / "beta-1.jar").exists()


def test_a_refused_jar_is_had_by_running_again(maven: Maven, tmp_path: Path) -> None:
    right = maven.serves["beta-1.jar"]
    maven.serves["beta-1.jar"] = b"something else"
    with pytest.raises(CannotRun):
        fetch(maven, tmp_path / "jars")

    maven.serves["beta-1.jar"] = right
    fetch(maven, tmp_path / "jars")

    assert (tmp_path / "jars" / "beta-1.jar").read_bytes() == right


def test_a_jar_that_was_altered_or_cut_off_is_healed(
    maven: Maven, tmp_path: Path
) -> None:
    fetch(maven, tmp_path / "jars")
    (tmp_path / "jars" / "alpha-1.jar").write_bytes(b"alph")
    (tmp_path / "jars" / ".part-killed").mkdir()

    fetch(maven, tmp_path / "jars")

    assert (tmp_path / "jars" / "alpha-1.jar").read_bytes() == b"alpha" * 1000
    assert not (tmp_path / "jars" / ".part-killed").exists()


def test_without_a_network_the_error_says_how_to_go_on(
    maven: Maven, tmp_path: Path
) -> None:
    nobody = "http://127.0.0.1:9"

    with pytest.raises(CannotRun, match="run the command again"):
        jars.fetch(tmp_path / "jars", lock=maven.lock, source=nobody)


def test_the_lock_has_kafka_and_the_binding_that_lets_it_log() -> None:
    held = {jar.artifact: jar.version for jar in jars.read_lock()}

    assert held["kafka-clients"] == held["kafka_2.13"]
    assert "log4j-slf4j-impl" in held
