-- migrate:up
-- which items of the arena are about an initiative. It follows from what is archived,
-- and is made anew from it
CREATE TABLE concerns (
    initiative text NOT NULL,
    subject    text NOT NULL,
    PRIMARY KEY (initiative, subject)
);
INSERT INTO concerns (initiative, subject)
SELECT DISTINCT unnest(initiatives), subject FROM arena_fact;
ALTER TABLE arena_fact DROP COLUMN initiatives;
