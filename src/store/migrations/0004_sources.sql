-- Where each source of a revision stood, as JSON: `[{"name": …, "commit": …}]`.
ALTER TABLE revisions ADD COLUMN sources TEXT NOT NULL DEFAULT '[]';
