-- migrate:up
-- what is to be published, in the transaction that makes it true
CREATE TABLE outbox (
    seq     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic   text        NOT NULL,
    key     bytea       NOT NULL,
    value   bytea       NOT NULL,
    created timestamptz NOT NULL DEFAULT now()
);

-- one leader for each piece of work; who does not renew in time has lost it
CREATE TABLE lease (
    work   text PRIMARY KEY,
    holder uuid        NOT NULL,
    until  timestamptz NOT NULL
);

-- for operations, who see no content
DO $$ BEGIN
    EXECUTE format(
        'CREATE VIEW %I.outbox AS
         SELECT count(*) AS waiting, min(created) AS oldest FROM outbox',
        current_schema() || '_ops');
END $$;
