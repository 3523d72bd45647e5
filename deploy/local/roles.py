"""Giving each service its role and its two schemas in Postgres."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from .trouble import CannotRun

SERVICES = ("intake", "registry", "delivery", "monitor")
DATABASE = "tidlig"
WATCHER = "tidlig_monitor"

Connection = asyncpg.Connection[asyncpg.Record]


def role_of(service: str) -> str:
    """The login role of a service."""
    return f"tidlig_{service}"


async def provision(
    admin_url: str, passwords: Mapping[str, str], database: str | None = DATABASE
) -> dict[str, str]:
    """Make database, roles and schemas; the URL of each service named in `passwords`.

    Does no harm when it is done again. With `database` None, the one in `admin_url` is
    used and its access left as it is. Passwords are in base64url. Raises `CannotRun`.
    """
    try:
        if database:
            await make_database(admin_url, database)
        await make_roles(within(admin_url, database), passwords)
    except (OSError, asyncpg.PostgresError) as error:
        raise CannotRun(
            f"could not set up Postgres ({type(error).__name__}: {error}): look at its "
            "log, and at DATABASE_URL if you set it"
        ) from None
    return {
        service: url_of(within(admin_url, database), service, password)
        for service, password in passwords.items()
    }
