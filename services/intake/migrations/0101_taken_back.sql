-- migrate:up
-- how far each party topic is known: what lies before has its receipt
CREATE TABLE known_to (
    topic     text    NOT NULL,
    topic_id  text    NOT NULL,
    partition integer NOT NULL,
    next      bigint  NOT NULL,
    PRIMARY KEY (topic, topic_id, partition)
);

-- each time that the topics held facts which this database did not know: it had been
-- restored. What was accepted in between and not published is lost
CREATE TABLE gap (
    n          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_back bigint      NOT NULL
);

-- for operations
DO $$ BEGIN
    EXECUTE format(
        'CREATE VIEW %I.gap AS SELECT since, until, taken_back FROM gap',
        current_schema() || '_ops');
END $$;
