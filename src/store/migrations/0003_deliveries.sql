-- Webhooks that were received, so that one that is sent again does not count again: kept for a day.
CREATE TABLE deliveries (
    provider TEXT NOT NULL,
    delivery_id TEXT NOT NULL,
    source TEXT NOT NULL,
    received_us BIGINT NOT NULL,
    PRIMARY KEY (provider, delivery_id)
);

CREATE INDEX deliveries_received ON deliveries (received_us);
