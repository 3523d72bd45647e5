-- migrate:up
-- the record: what was said, as it lies on Kafka; state is made from it
CREATE TABLE fact (
    seq      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mark     bytea       NOT NULL UNIQUE,
    subject  text        NOT NULL,
    turn     integer     NOT NULL,
    name     text        NOT NULL,
    accepted timestamptz NOT NULL,
    value    bytea       NOT NULL,
    UNIQUE (subject, turn)
);
ALTER TABLE fact ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX ON fact (subject) WHERE name = 'arena.meeting.scheduled';

-- who tried what, and by which rule it was refused; never what was said
CREATE TABLE attempt (
    n       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    orgnr   text        NOT NULL,
    actor   text,
    subject text,
    command text        NOT NULL,
    status  integer     NOT NULL,
    rule    text        NOT NULL
);

-- what a command gave rise to: sent again, it is answered so again
CREATE TABLE command (
    orgnr   text        NOT NULL,
    id      uuid        NOT NULL,
    content bytea       NOT NULL,
    subject text        NOT NULL,
    turns   integer[]   NOT NULL,
    at      timestamptz NOT NULL,
    PRIMARY KEY (orgnr, id)
);

-- not even this role changes what was said, or takes it back
CREATE FUNCTION stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was said stands' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stands BEFORE UPDATE OR DELETE OR TRUNCATE ON fact
    FOR EACH STATEMENT EXECUTE FUNCTION stands();
CREATE TRIGGER stands BEFORE UPDATE OR DELETE OR TRUNCATE ON attempt
    FOR EACH STATEMENT EXECUTE FUNCTION stands();
CREATE TRIGGER stands BEFORE UPDATE OR DELETE OR TRUNCATE ON command
    FOR EACH STATEMENT EXECUTE FUNCTION stands();
REVOKE UPDATE, DELETE, TRUNCATE ON fact, attempt, command FROM CURRENT_USER;

-- the state of each item and meeting, and when its next deadline passes
CREATE TABLE board (
    subject     text PRIMARY KEY,
    arena       text    NOT NULL,
    kind        text    NOT NULL,
    year        integer NOT NULL,
    running     integer NOT NULL,
    version     integer NOT NULL,
    initiatives text[]  NOT NULL,
    next_due    timestamptz,
    state       bytea   NOT NULL
);
CREATE INDEX ON board (arena, kind, year, running);
CREATE INDEX ON board (next_due) WHERE next_due IS NOT NULL;
CREATE INDEX ON board USING gin (initiatives);

-- the next number of an arena, one after the other
CREATE TABLE counter (
    arena text    NOT NULL,
    kind  text    NOT NULL,
    year  integer NOT NULL,
    last  integer NOT NULL,
    PRIMARY KEY (arena, kind, year)
);

-- scorecards that were handed in, encrypted until both are opened
CREATE TABLE sealed (
    subject text    NOT NULL,
    round   integer NOT NULL,
    line    text    NOT NULL,
    card    bytea   NOT NULL,
    PRIMARY KEY (subject, round, line)
);

-- what initiatives are shared with whom, and when they lock
CREATE TABLE initiative (
    subject   text PRIMARY KEY,
    -- the last day on which it locks; null where none is known, or it is over
    last_lock date,
    heard     bytea NOT NULL
);
CREATE INDEX ON initiative (last_lock) WHERE last_lock IS NOT NULL;
CREATE TABLE known (
    mark  bytea PRIMARY KEY,
    value bytea NOT NULL
);
ALTER TABLE known ALTER COLUMN value SET STORAGE EXTERNAL;

-- for operations, who see no content
DO $$ BEGIN
    EXECUTE format(
        'CREATE VIEW %I.attempt AS
         SELECT at, command, status, rule FROM attempt',
        current_schema() || '_ops');
END $$;
