-- One text for SQLite and PostgreSQL: TEXT and BIGINT only, times in microseconds since 1970 (UTC).

-- The history. A row with a parent is a link of the chain of served revisions: each parent has at most
-- one child, so the chain cannot fork; the first link's parent is 0. A rejected commit has no parent.
CREATE TABLE revisions (
    seq BIGINT NOT NULL PRIMARY KEY,
    parent_seq BIGINT UNIQUE,
    revision_id TEXT NOT NULL,
    commit_id TEXT,
    author TEXT NOT NULL,
    summary TEXT NOT NULL,
    unmanaged_generation BIGINT NOT NULL,
    config_digest TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    outcome TEXT NOT NULL,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    removed BIGINT NOT NULL,
    findings_json TEXT NOT NULL,
    started_us BIGINT NOT NULL,
    finished_us BIGINT NOT NULL
);

-- Resources sent by people rather than found in Git; the document is encrypted as a whole.
CREATE TABLE unmanaged (
    kind TEXT NOT NULL,
    namespace TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    resource_version BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    updated_us BIGINT NOT NULL,
    PRIMARY KEY (kind, namespace, name)
);

-- Numbers that only grow: the generation of the set of unmanaged resources.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

INSERT INTO counters (name, value) VALUES ('unmanaged', 0);
