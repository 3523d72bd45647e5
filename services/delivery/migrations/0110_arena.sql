-- migrate:up
-- what the joint arena says is read by those who may read every initiative it is about;
-- advice that was given opens the positions bound to its hash
ALTER TABLE fact ADD COLUMN initiatives text[] NOT NULL DEFAULT '{}';
ALTER TABLE fact ADD COLUMN hash text;
CREATE INDEX ON fact USING gin (initiatives) WHERE initiatives <> '{}';
CREATE INDEX ON fact (subject) WHERE type = 'advice.issued';
CREATE OR REPLACE VIEW taken_fact AS
SELECT f.*
  FROM fact AS f
  LEFT JOIN sequenced AS s USING (topic, topic_id, partition)
  LEFT JOIN late AS l USING (mark)
 WHERE CASE WHEN l.mark IS NULL THEN f.position < coalesce(s.next, 0)
            ELSE l.taken END;
