"""What is noted of all that happens in a database, beside what stands in the end."""

SECRET = "what the fact says"
# a checkpoint that goes back
GONE_BACK = """
CREATE TABLE gone_back (topic text, partition integer, was bigint, next bigint);
CREATE FUNCTION note_gone_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO gone_back VALUES (old.topic, old.partition, old.next, new.next);
    RETURN NULL;
END $$;
CREATE TRIGGER note_gone_back AFTER UPDATE ON checkpoint
    FOR EACH ROW WHEN (new.next < old.next) EXECUTE FUNCTION note_gone_back();
"""
# what is done with facts; rows of the outbox; an error's text
OF_THE_PATH = """
CREATE TABLE effect (
    n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    mark     bytea, topic text, topic_id text, partition integer, position bigint,
    appended timestamptz, value bytea);
CREATE TABLE refusal (topic_id text, partition integer, position bigint);
CREATE TABLE written (seq bigint, topic text, key bytea, value bytea);
CREATE TABLE published (seq bigint, topic text, partition integer, position bigint);
CREATE TABLE text_kept (tables text);
CREATE FUNCTION note_text_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO text_kept SELECT TG_TABLE_NAME WHERE new::text LIKE '%SECRET%';
    RETURN NULL;
END $$;
CREATE TRIGGER note_text_kept AFTER INSERT OR UPDATE ON parked
    FOR EACH ROW EXECUTE FUNCTION note_text_kept();
CREATE TRIGGER note_text_kept AFTER INSERT OR UPDATE ON stopped
    FOR EACH ROW EXECUTE FUNCTION note_text_kept();
CREATE TRIGGER note_text_kept AFTER INSERT ON redriven
    FOR EACH ROW EXECUTE FUNCTION note_text_kept();
CREATE FUNCTION note_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO written VALUES (new.seq, new.topic, new.key, new.value);
    RETURN NULL;
END $$;
CREATE TRIGGER note_written AFTER INSERT ON outbox
    FOR EACH ROW EXECUTE FUNCTION note_written();
""".replace("SECRET", SECRET)
