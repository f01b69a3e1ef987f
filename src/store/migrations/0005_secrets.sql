-- What became of the values of secrets that were there, as JSON without any value; empty if nothing did.
ALTER TABLE revisions ADD COLUMN secrets TEXT NOT NULL DEFAULT '';
