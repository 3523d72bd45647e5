-- migrate:up
-- the archive: the exact bytes of every fact, with coordinates and times
CREATE TABLE archive (
    mark      bytea PRIMARY KEY,
    subject   text        NOT NULL,
    topic     text        NOT NULL,
    topic_id  text        NOT NULL,
    partition integer     NOT NULL,
    position  bigint      NOT NULL,
    appended  timestamptz NOT NULL,
    -- in which turn it was folded: 1 for the first fact about its initiative
    turn      integer     NOT NULL,
    value     bytea       NOT NULL
);
ALTER TABLE archive ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX ON archive (subject, appended, turn);

-- one state for all readers: what stands, with what the policy asks of it
CREATE TABLE initiative (
    subject text PRIMARY KEY,
    -- the order of lists: fixed, and in favour of nobody
    place   bytea NOT NULL,
    -- how many facts the state rests on, and when the last of them was appended
    turn    integer     NOT NULL DEFAULT 0,
    reached timestamptz NOT NULL DEFAULT 'epoch',
    body    bytea NOT NULL
) WITH (fillfactor = 80);
ALTER TABLE initiative ALTER COLUMN body SET STORAGE EXTERNAL;

-- channels to which anything of an initiative is open or was; lists look here first
CREATE TABLE listed (
    channel text  NOT NULL,
    place   bytea NOT NULL,
    subject text  NOT NULL,
    PRIMARY KEY (channel, place, subject)
);
