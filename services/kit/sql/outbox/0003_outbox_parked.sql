-- migrate:up
-- rows that Kafka would never take: set aside, so that the others do not wait for them
CREATE TABLE outbox_parked (
    seq     bigint PRIMARY KEY,
    topic   text        NOT NULL,
    key     bytea       NOT NULL,
    value   bytea       NOT NULL,
    created timestamptz NOT NULL,
    reason  text        NOT NULL,
    since   timestamptz NOT NULL DEFAULT now()
);

-- for operations, who see no content
DO $$ BEGIN
    EXECUTE format(
        'CREATE VIEW %I.outbox_parked AS
         SELECT seq, topic, reason, since FROM outbox_parked',
        current_schema() || '_ops');
END $$;
