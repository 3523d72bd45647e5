-- The database of Debezium's JDBC sink: where it writes, and the trigger that gives its
-- rows the same effect as ours: the first of each identity is archived, and per
-- initiative the latest word under each key stands, with grants and their ends.
CREATE TABLE sink (
    topic     text    NOT NULL,
    partition integer NOT NULL,
    position  bigint  NOT NULL,
    value     text,
    n         bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (topic, partition, position)
);

CREATE TABLE archive (
    mark      uuid PRIMARY KEY,
    subject   text    NOT NULL,
    topic     text    NOT NULL,
    partition integer NOT NULL,
    position  bigint  NOT NULL,
    value     text    NOT NULL
);
ALTER TABLE archive ALTER COLUMN value SET STORAGE EXTERNAL;
CREATE INDEX ON archive (subject, position);

CREATE TABLE standing (
    subject text PRIMARY KEY,
    entries jsonb NOT NULL,
    granted jsonb NOT NULL,
    ended   jsonb NOT NULL
) WITH (fillfactor = 80);

CREATE FUNCTION took() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH parsed AS MATERIALIZED (
        SELECT topic, partition, position, value, value::jsonb AS event
          FROM new_rows
         WHERE value IS JSON OBJECT AND position('\u0000' in value) = 0),
    facts AS MATERIALIZED (
        SELECT *, event->>'subject' AS subject, event->>'id' AS id,
               split_part(event->>'type', '.', 3) || '.'
               || split_part(event->>'type', '.', 4) AS type,
               md5(concat_ws(E'\x01', event->>'subject', event->>'source',
                             event->>'id'))::uuid AS mark
          FROM parsed
         WHERE event->>'type' = ANY ('{no.tidlig.initiative.registered.v1,
               no.tidlig.initiative.amended.v1,no.tidlig.initiative.lock.recorded.v1,
               no.tidlig.initiative.gateplan.revised.v1,
               no.tidlig.response.submitted.v1,no.tidlig.initiative.shared.v1,
               no.tidlig.share.ended.v1}'::text[])),
    fresh AS (
        INSERT INTO archive (mark, subject, topic, partition, position, value)
        SELECT mark, subject, topic, partition, position, value
          FROM facts ORDER BY topic, partition, position
            ON CONFLICT DO NOTHING
        RETURNING topic, partition, position),
    said AS MATERIALIZED (
        SELECT facts.*,
               split_part(event->>'source', ':', 3) AS speaker,
               coalesce(event->>'visibility', 'shared') || ' | '
               || coalesce(event->>'recipients', '') AS label
          FROM facts JOIN fresh USING (topic, partition, position)),
    words AS (
        SELECT subject, position, id, 'entry' AS kind,
               concat_ws(' | ', speaker, 'description', field.key, label) AS key,
               field.value AS value
          FROM said
         CROSS JOIN LATERAL jsonb_each(
               coalesce(event->'data'->'changes', event->'data')) AS field
         WHERE type IN ('initiative.registered', 'initiative.amended')
        UNION ALL
        SELECT subject, position, id, 'entry',
               CASE type
               WHEN 'initiative.lock' THEN
                    concat_ws(' | ', speaker, 'lock', event->'data'->>'key', label)
               WHEN 'initiative.gateplan' THEN
                    concat_ws(' | ', speaker, 'gateplan', event->'data'->>'gate', label)
               ELSE concat_ws(' | ', speaker, 'response', event->'data'->>'key', label)
               END,
               event->'data'
          FROM said
         WHERE type IN ('initiative.lock', 'initiative.gateplan', 'response.submitted')
        UNION ALL
        SELECT subject, position, id, 'granted', id, event->'audience'
          FROM said WHERE type = 'initiative.shared'
        UNION ALL
        SELECT subject, position, id, 'ended', event->'data'->'grant'->>'id', NULL
          FROM said WHERE type = 'share.ended')
    INSERT INTO standing AS s (subject, entries, granted, ended)
    SELECT subject,
           coalesce(jsonb_object_agg(key, jsonb_build_array(id, value) ORDER BY position)
                    FILTER (WHERE kind = 'entry'), '{}'),
           coalesce(jsonb_object_agg(key, value)
                    FILTER (WHERE kind = 'granted'), '{}'),
           coalesce(jsonb_object_agg(key, id ORDER BY position DESC)
                    FILTER (WHERE kind = 'ended'), '{}')
      FROM words
     GROUP BY subject
        ON CONFLICT (subject) DO UPDATE
       SET entries = s.entries || excluded.entries,
           granted = s.granted || excluded.granted,
           ended = excluded.ended || s.ended;
    RETURN NULL;
END $$;

CREATE TRIGGER took AFTER INSERT ON sink
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION took();
