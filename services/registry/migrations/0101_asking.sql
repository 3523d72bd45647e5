-- migrate:up
-- states of long histories as they were on the way: `as_of` begins at one of them
CREATE TABLE milestone (
    subject text        NOT NULL,
    turn    integer     NOT NULL,
    reached timestamptz NOT NULL,
    body    bytea       NOT NULL,
    PRIMARY KEY (subject, turn)
);
ALTER TABLE milestone ALTER COLUMN body SET STORAGE EXTERNAL;

-- what lists look for. It holds more than any one reader may read: what it finds is
-- asked again of what the reader has
CREATE TABLE findable (
    subject text  PRIMARY KEY,
    place   bytea NOT NULL,
    owner   text  NOT NULL,
    line    text  NOT NULL,
    phase   text  NOT NULL,
    short   text  NOT NULL,
    -- null where there are more words than an index takes: always looked at
    words   tsvector
);
CREATE INDEX ON findable (owner, place);
CREATE INDEX ON findable (line, place);
CREATE INDEX ON findable (phase, place);
CREATE INDEX ON findable (place);
CREATE INDEX ON findable (short);
CREATE INDEX ON findable USING gin (words);
CREATE INDEX ON findable (place) WHERE words IS NULL;

-- days that anything that stands has, whoever may read it; lists ask for a range
CREATE TABLE dated (
    subject text NOT NULL,
    day     date NOT NULL,
    PRIMARY KEY (subject, day)
);
CREATE INDEX ON dated (day, subject);

-- what has changed since `findable` was written: always looked at until it is
CREATE TABLE unfindable (
    subject text    PRIMARY KEY,
    place   bytea   NOT NULL,
    turn    integer NOT NULL
);

-- archived in the order of time: few pages hold what came lately
CREATE INDEX ON archive USING brin (appended);

-- everything that was appended until then has been folded, in every partition
CREATE TABLE horizon (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    upto     timestamptz NOT NULL
);
