"""A witness in the database: every row that was ever put into an outbox.

The relay deletes what it has sent; to know what was written, and how often, the row is
noted in the same transaction, in a schema that no service sees.
"""

from collections.abc import Iterable

import asyncpg

SCHEMA = """
CREATE SCHEMA witness;
CREATE TABLE witness.outbox (
    service text   NOT NULL,
    seq     bigint NOT NULL,
    topic   text   NOT NULL,
    key     bytea  NOT NULL,
    value   bytea  NOT NULL,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE FUNCTION witness.note() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO witness.outbox (service, seq, topic, key, value)
    VALUES (TG_TABLE_SCHEMA, NEW.seq, NEW.topic, NEW.key, NEW.value);
    RETURN NULL;
END $$;
"""
PLANT = """
CREATE TRIGGER witness AFTER INSERT ON {service}.outbox
    FOR EACH ROW EXECUTE FUNCTION witness.note();
"""


async def plant(url: str, services: Iterable[str]) -> None:
    """From now on. The administrator's URL of the services' database."""
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(SCHEMA)
        for service in services:
            await conn.execute(PLANT.format(service=service))
    finally:
        await conn.close()
