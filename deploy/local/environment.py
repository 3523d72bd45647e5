"""The environment that Kafka and Postgres get: the same on every machine."""

import os

KEPT = ("PATH", "LD_LIBRARY_PATH")


def plain() -> dict[str, str]:
    """UTC, UTF-8, and none of the caller's PG… or JAVA… settings."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "TZ": "UTC", "LC_ALL": "C.UTF-8"}
