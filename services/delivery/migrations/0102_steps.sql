-- migrate:up
-- every step of the sequencer under a tag of its own. A cursor, and what was said of a
-- line, carry the tag of their step: where a database was lost or restored from an older
-- backup, there is no such step any more
CREATE TABLE step (
    step bigint PRIMARY KEY,
    tag  uuid   NOT NULL UNIQUE
);
INSERT INTO step (step, tag) SELECT step, log_id FROM sequence;
ALTER TABLE sequence DROP COLUMN log_id;

-- what was said to be readable at steps that are no more, when last: it is not said again
CREATE TABLE said_before (
    mark    bytea       NOT NULL,
    channel text        NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (mark, channel)
);

-- words about lines that the log does not have so
CREATE TABLE difference (
    position bigint      NOT NULL,
    channel  text        NOT NULL,
    since    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (position, channel)
);

-- each time that the log was made again by command, and why
CREATE TABLE made_again (
    n      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reason text        NOT NULL,
    at     timestamptz NOT NULL DEFAULT now()
);
