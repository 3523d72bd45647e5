-- migrate:up
-- facts that were parked and applied later: the sequencer may have gone past where they
-- lie. They are taken by themselves, and stay here until it surely has
CREATE TABLE late (
    mark  bytea   PRIMARY KEY,
    taken boolean NOT NULL DEFAULT false
);

-- facts that a step has taken
CREATE VIEW taken_fact AS
SELECT f.*
  FROM fact AS f
  LEFT JOIN sequenced AS s USING (topic, topic_id, partition)
  LEFT JOIN late AS l USING (mark)
 WHERE CASE WHEN l.mark IS NULL THEN f.position < coalesce(s.next, 0)
            ELSE l.taken END;

-- initiatives of which a word of the owner is parked: who knows what it would close?
CREATE VIEW closes AS
SELECT DISTINCT subject
  FROM standing
 WHERE group_id = 'delivery' AND NOT aside AND speaker = split_part(subject, ':', 1);

-- those that the sequencer has closed
CREATE TABLE closed (subject text PRIMARY KEY);

-- what is parked or set aside may open or close
CREATE TRIGGER wake_sequencer AFTER INSERT OR DELETE ON parked
    FOR EACH STATEMENT EXECUTE FUNCTION wake_sequencer();
CREATE TRIGGER wake_sequencer AFTER INSERT OR UPDATE ON set_aside
    FOR EACH STATEMENT EXECUTE FUNCTION wake_sequencer();
