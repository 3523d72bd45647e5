-- migrate:up
-- one row for every fact that was answered 202; its mark is never deleted
CREATE TABLE receipt (
    id         uuid PRIMARY KEY,
    mark       bytea       NOT NULL UNIQUE,
    emitter    text        NOT NULL,
    supplier   text,
    subject    text        NOT NULL,
    source     text        NOT NULL,
    event_id   text        NOT NULL,
    type       text        NOT NULL,
    accepted   timestamptz NOT NULL,
    -- what was accepted, to compare with when its identity comes again
    record     bytea       NOT NULL,
    outbox_seq bigint      NOT NULL
);
ALTER TABLE receipt ALTER COLUMN record SET STORAGE EXTERNAL;
CREATE INDEX ON receipt (emitter, id);

-- where a fact stands on Kafka: rows of their own, for receipts are large
CREATE TABLE published (
    outbox_seq bigint PRIMARY KEY,
    topic      text        NOT NULL,
    partition  integer     NOT NULL,
    position   bigint      NOT NULL,
    appended   timestamptz NOT NULL
);

-- refused attempts: the newest thousand of each caller, so that the disk never fills
CREATE TABLE refused (
    caller   text        NOT NULL,
    slot     integer     NOT NULL,
    id       uuid        NOT NULL UNIQUE,
    at       timestamptz NOT NULL,
    status   integer     NOT NULL,
    code     text        NOT NULL,
    detail   text        NOT NULL,
    faults   text        NOT NULL,
    subject  text,
    source   text,
    event_id text,
    type     text,
    PRIMARY KEY (caller, slot)
);
CREATE INDEX ON refused (caller, id);
CREATE TABLE refused_count (
    caller text PRIMARY KEY,
    n      bigint NOT NULL
);

-- who can read a fact, as the tracker has said
CREATE TABLE readable (
    mark    bytea       NOT NULL,
    channel text        NOT NULL,
    since   timestamptz NOT NULL,
    PRIMARY KEY (mark, channel)
);
-- the tracker's facts that were taken in
CREATE TABLE seen (
    mark bytea PRIMARY KEY
);
