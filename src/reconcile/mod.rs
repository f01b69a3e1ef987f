//! The sync loop: gather, review, prepare, record, switch, tell.
