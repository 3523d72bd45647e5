-- migrate:up
-- facts that the code cannot apply, and what waits behind them, in their order
CREATE TABLE parked (
    group_id    text        NOT NULL,
    mark        bytea       NOT NULL,
    n           bigint GENERATED ALWAYS AS IDENTITY,
    topic       text        NOT NULL,
    topic_id    text        NOT NULL,
    partition   integer     NOT NULL,
    position    bigint      NOT NULL,
    appended    timestamptz NOT NULL,
    speaker     text        NOT NULL,
    subject     text        NOT NULL,
    source      text        NOT NULL,
    fact_id     text        NOT NULL,
    type        text        NOT NULL,
    value       bytea       NOT NULL,
    -- null where it only waits behind another fact of its speaker
    error_class text,
    place       text,
    since       timestamptz NOT NULL DEFAULT now(),
    -- how often this service has said that it be set aside, and the same taken back
    asides      integer     NOT NULL DEFAULT 0,
    aside_said  boolean     NOT NULL DEFAULT false,
    PRIMARY KEY (group_id, mark)
);
ALTER TABLE parked ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX ON parked (group_id, subject, speaker, n);

-- what the tracker has said of facts that can never be applied; the last word counts
CREATE TABLE set_aside (
    group_id text        NOT NULL,
    mark     bytea       NOT NULL,
    type     text        NOT NULL,
    aside    boolean     NOT NULL,
    appended timestamptz NOT NULL,
    position bigint      NOT NULL,
    PRIMARY KEY (group_id, mark, type)
);

-- who looks at a partition's checkpoint learns whether any fact of it may be parked
ALTER TABLE checkpoint ADD COLUMN parks boolean NOT NULL DEFAULT false;

-- every redrive, with why and what came of it
CREATE TABLE redriven (
    n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id text        NOT NULL,
    speaker  text        NOT NULL,
    subject  text        NOT NULL,
    reason   text        NOT NULL,
    applied  integer     NOT NULL,
    waiting  integer     NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);

-- what was said of facts that fail: `aside` now, `released` once one was ever set aside:
-- from then on it holds back nothing that its speaker said later. What only waits has
-- not failed yet, whatever is said of it
CREATE VIEW standing AS
SELECT p.*,
       p.error_class IS NOT NULL AND coalesce(s.aside, false) AS aside,
       p.error_class IS NOT NULL AND s.mark IS NOT NULL AS released
  FROM parked AS p
  LEFT JOIN set_aside AS s USING (group_id, mark, type);

-- for operations, who see neither content nor whose it is
DO $$ BEGIN
    EXECUTE format(
        'CREATE VIEW %I.parked AS
         SELECT p.group_id, p.topic, p.partition, p.position, p.error_class, p.place,
                p.since, p.aside AS set_aside,
                (SELECT count(*) FROM parked AS w
                  WHERE (w.group_id, w.subject, w.speaker)
                        = (p.group_id, p.subject, p.speaker)
                    AND w.error_class IS NULL) AS waiting_behind
           FROM standing AS p
          WHERE p.error_class IS NOT NULL',
        current_schema() || '_ops');
END $$;
