-- migrate:up
-- each owner's words of locks, gates and life: what is put right may uncover older ones
CREATE TABLE word (
    subject  text   NOT NULL,
    mark     bytea  NOT NULL,
    position bigint NOT NULL,
    word     bytea  NOT NULL,
    PRIMARY KEY (subject, mark)
);

-- what was heard before is heard anew, from the first record of every partition
DELETE FROM initiative;
DELETE FROM known;
DELETE FROM parked;
DELETE FROM checkpoint;

-- the agenda and the ranking are of what is neither closed nor withdrawn
ALTER TABLE board ADD COLUMN is_over boolean NOT NULL DEFAULT false;
UPDATE board
   SET is_over = convert_from(state, 'UTF8')::json->>'stage' IN ('closed', 'withdrawn')
 WHERE kind = 'item';
-- of the items before this nobody has looked which may stand out: all are read
ALTER TABLE board ADD COLUMN stands_out boolean NOT NULL DEFAULT true;
CREATE INDEX ON board (arena, year, running) WHERE kind = 'item' AND NOT is_over;
