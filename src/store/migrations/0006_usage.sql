-- One row for each model call that was answered or cut off: who asked, what it led to, what it took. No prompt, no answer.
CREATE TABLE usage_records (
    request_id TEXT NOT NULL PRIMARY KEY,
    at_us BIGINT NOT NULL,
    revision TEXT NOT NULL,
    namespace TEXT NOT NULL,
    api_key TEXT NOT NULL,
    agent TEXT NOT NULL,
    dialect TEXT NOT NULL,
    requested TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    streamed BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    status BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    cached_tokens BIGINT NOT NULL,
    cache_write_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    estimated BIGINT NOT NULL,
    cost_microdollars BIGINT,
    first_token_us BIGINT,
    duration_us BIGINT NOT NULL
);

CREATE INDEX usage_records_at ON usage_records (at_us);
