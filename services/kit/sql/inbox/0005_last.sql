-- migrate:up
-- what the last record applied was, so that another one in its place is noticed; and its
-- offset, for older code beside us moves a checkpoint without it
ALTER TABLE checkpoint ADD COLUMN last_at bigint, ADD COLUMN last bytea;
