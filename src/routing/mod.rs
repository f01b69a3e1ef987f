//! The routing table of a catalog and the pure resolver with its trace.
