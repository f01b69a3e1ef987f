-- What people told the loop, by name (`suspension`, `pin`), as JSON.
CREATE TABLE control (
    name TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,
    updated_us BIGINT NOT NULL
);

-- Plans that somebody said yes to.
CREATE TABLE confirmations (
    plan_digest TEXT NOT NULL PRIMARY KEY,
    confirmed_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    at_us BIGINT NOT NULL
);

-- Why somebody had a revision made live, and who confirmed it.
ALTER TABLE revisions ADD COLUMN reason TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN confirmed_by TEXT NOT NULL DEFAULT '';
