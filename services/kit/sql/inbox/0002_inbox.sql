-- migrate:up
-- how far each group has applied each partition; written with the effects
CREATE TABLE checkpoint (
    group_id  text        NOT NULL,
    topic     text        NOT NULL,
    topic_id  text        NOT NULL,
    partition integer     NOT NULL,
    next      bigint      NOT NULL,
    appended  timestamptz NOT NULL,
    updated   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, topic, topic_id, partition)
);

-- a record that the code cannot get past; its partition waits there
CREATE TABLE stopped (
    group_id    text        NOT NULL,
    topic       text        NOT NULL,
    partition   integer     NOT NULL,
    record      bigint      NOT NULL,
    error_class text        NOT NULL,
    place       text        NOT NULL,
    since       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (group_id, topic, partition)
);

DO $$ BEGIN
    EXECUTE format(
        'CREATE VIEW %I.checkpoint AS SELECT * FROM checkpoint',
        current_schema() || '_ops');
    EXECUTE format(
        'CREATE VIEW %I.stopped AS SELECT * FROM stopped',
        current_schema() || '_ops');
END $$;
