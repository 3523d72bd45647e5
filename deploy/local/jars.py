"""The jars of Kafka: fetched one by one, each held to the hash in `kafka.lock`.

jgo only downloads here. Its resolver is not asked: one coordinate more in the same
question made it choose another kafka-clients, without a word.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from .folder import state_folder
from .trouble import CannotRun

LOCK = Path(__file__).with_name("kafka.lock")
ATTEMPTS = 3
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Jar:
    """A line of the lock: Maven coordinate and SHA-256."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def unseen(done: int, of: int) -> None:
    """Progress that nobody looks at."""


def folder() -> Path:
    """Where jars are kept: what `TIDLIG_JARS` names, or `jars` in the state folder."""
    return Path(os.environ.get("TIDLIG_JARS") or state_folder() / "jars").absolute()


def read_lock(lock: Path = LOCK) -> list[Jar]:
    """The lines "group:artifact:version sha256"; `#` begins a comment."""
    lines = [line.strip() for line in lock.read_text().splitlines()]
    return [read_line(line) for line in lines if line and not line.startswith("#")]


def read_line(line: str) -> Jar:
    """A jar from its line."""
    coordinate, sha256 = line.split()
    group, artifact, version = coordinate.split(":")
    return Jar(group, artifact, version, sha256)


def fetch(
    place: Path | None = None,
    *,
    lock: Path = LOCK,
    source: str | None = None,
    progress: Progress = unseen,
) -> list[Path]:
    """The jars of the lock, whole and right; what is not there is fetched.

    `source` is a Maven repository's URL: without it the one in `TIDLIG_MAVEN`, or
    Maven Central. Raises `CannotRun` if a jar cannot be had or is another than in the
    lock.
    """
    place = place or folder()
    jars = read_lock(lock)
    if missing(place, jars):
        with alone(place):
            fetch_all(place, missing(place, jars), source, progress)
    return [place / jar.file_name for jar in jars]


def missing(place: Path, jars: list[Jar]) -> list[Jar]:
    """The jars that are not there as the lock has them."""
    return [jar for jar in jars if sha256(place / jar.file_name) != jar.sha256]


def sha256(path: Path) -> str | None:
    """The file's hash, None if there is no file that can be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Let one process fetch at a time; the others then find what it fetched."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        held = (place / ".lock").open("w")
    except OSError as error:
        raise CannotRun(
            f"cannot write jars in {place} ({error.strerror}): "
            "let TIDLIG_JARS name a folder of your own"
        ) from None
    with held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def fetch_all(
    place: Path, jars: list[Jar], source: str | None, progress: Progress
) -> None:
    """Fetch four at a time; at the first that fails, no further one is begun."""
    for left_by_a_killed_run in place.glob(".part-*"):
        shutil.rmtree(left_by_a_killed_run, ignore_errors=True)
    part = Path(mkdtemp(prefix=".part-", dir=place))
    pool = ThreadPoolExecutor(4)
    try:
        waiting = [pool.submit(fetch_one, jar, place, part, source) for jar in jars]
        for done, future in enumerate(as_completed(waiting), start=1):
            future.result()
            progress(done, len(jars))
    finally:
        pool.shutdown(cancel_futures=True)
        shutil.rmtree(part, ignore_errors=True)


def fetch_one(jar: Jar, place: Path, part: Path, source: str | None) -> None:
    """Fetch a jar beside its place, and put it there if it is the right one."""
    fetched = download(jar, part, source)
    found = sha256(fetched)
    if found != jar.sha256:
        fetched.unlink()
        raise CannotRun(
            f"{jar.file_name} has sha256 {found}, the lock says {jar.sha256}: it was "
            "not kept; run the command again, and look at your Maven mirror or proxy "
            "if it stays so"
        )
    fetched.replace(place / jar.file_name)


def download(
    jar: Jar, part: Path, source: str | None, attempts: int = ATTEMPTS
) -> Path:
    """Download with jgo, again if the network fails. Raises `CannotRun`."""
    # Imported here: reading hashes needs neither jgo nor its 0.3 s.
    import jgo.constants  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    url = source or os.environ.get("TIDLIG_MAVEN") or jgo.constants.MAVEN_CENTRAL_URL
    context = MavenContext(repo_cache=part, remote_repos={"maven": url}, timeout=20)
    component = context.project(jar.group, jar.artifact).at_version(jar.version)
    try:
        return Path(component.artifact().resolve())
    except (OSError, RuntimeError) as error:
        for half in part.rglob(jar.file_name):
            half.unlink()
        if attempts > 1:
            return download(jar, part, source, attempts - 1)
        raise CannotRun(
            f"could not fetch {jar.file_name} from {url} ({type(error).__name__}): "
            "look at the network or proxy and run the command again; it goes on where "
            "it stopped"
        ) from None
