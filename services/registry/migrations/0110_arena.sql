-- migrate:up
-- the archive of the joint arena: the exact bytes of every fact, with its coordinates,
-- and what the tracker observed there; found by the initiatives that a fact is about
CREATE TABLE arena_fact (
    mark        bytea PRIMARY KEY,
    subject     text        NOT NULL,
    initiatives text[]      NOT NULL,
    topic       text        NOT NULL,
    topic_id    text        NOT NULL,
    partition   integer     NOT NULL,
    position    bigint      NOT NULL,
    appended    timestamptz NOT NULL,
    value       bytea       NOT NULL
);
ALTER TABLE arena_fact ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX ON arena_fact (subject, position);
CREATE INDEX ON arena_fact USING gin (initiatives);
