-- migrate:up
-- every fact that was said, with what the policy asks of it
CREATE TABLE fact (
    mark         bytea PRIMARY KEY,
    subject      text        NOT NULL,
    source       text        NOT NULL,
    fact_id      text        NOT NULL,
    topic        text        NOT NULL,
    topic_id     text        NOT NULL,
    partition    integer     NOT NULL,
    position     bigint      NOT NULL,
    appended     timestamptz NOT NULL,
    type         text        NOT NULL,
    said_by      text        NOT NULL,
    speaker      text        NOT NULL,
    readers      text        NOT NULL,
    visibility   text        NOT NULL,
    recipients   text[]      NOT NULL,
    grant_source text,
    grant_id     text,
    audience     text[]      NOT NULL,
    not_before   timestamptz,
    counterpart  text,
    names        bytea,
    names_type   text,
    value        bytea       NOT NULL
);
ALTER TABLE fact ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE UNIQUE INDEX ON fact (topic, topic_id, partition, position);
CREATE INDEX ON fact (subject);
CREATE INDEX ON fact (names) WHERE names IS NOT NULL;

CREATE FUNCTION wake_sequencer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('delivery_fact', '');
    RETURN NULL;
END $$;
CREATE TRIGGER wake_sequencer AFTER INSERT ON fact
    FOR EACH STATEMENT EXECUTE FUNCTION wake_sequencer();

-- how far the sequencer has come in each partition
CREATE TABLE sequenced (
    topic     text    NOT NULL,
    topic_id  text    NOT NULL,
    partition integer NOT NULL,
    next      bigint  NOT NULL,
    PRIMARY KEY (topic, topic_id, partition)
);

-- grants as the sequencer has seen them; an end may come before what it ends
CREATE TABLE share (
    subject    text    NOT NULL,
    source     text    NOT NULL,
    fact_id    text    NOT NULL,
    audience   text[]  NOT NULL,
    not_before timestamptz,
    known      boolean NOT NULL,
    opened     boolean NOT NULL,
    ended      boolean NOT NULL,
    PRIMARY KEY (subject, source, fact_id)
);
CREATE INDEX ON share (not_before)
    WHERE known AND not_before IS NOT NULL AND NOT opened AND NOT ended;

-- openings that were said, each once
CREATE TABLE opening_said (
    subject text NOT NULL,
    source  text NOT NULL,
    fact_id text NOT NULL,
    PRIMARY KEY (subject, source, fact_id)
);

-- the availability log: what each channel can read, from which position on
CREATE TABLE available (
    position  bigint PRIMARY KEY,
    channel   text        NOT NULL,
    subject   text        NOT NULL,
    mark      bytea       NOT NULL,
    step      bigint      NOT NULL,
    at        timestamptz NOT NULL,
    -- the step in which its cover ended
    void_step bigint
);
CREATE INDEX ON available (channel, position);
CREATE INDEX ON available (mark, channel);

-- one row: where the log ends, and which log it is
CREATE TABLE sequence (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    log_id   uuid        NOT NULL DEFAULT gen_random_uuid(),
    position bigint      NOT NULL DEFAULT 0,
    step     bigint      NOT NULL DEFAULT 0,
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO sequence DEFAULT VALUES;

-- organisations that have acknowledged an initiative; said once
CREATE TABLE received (
    subject text NOT NULL,
    orgnr   text NOT NULL,
    PRIMARY KEY (subject, orgnr)
);
