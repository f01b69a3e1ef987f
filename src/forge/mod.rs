//! Webhooks of Git hosts: bells that are verified before anything is parsed.
