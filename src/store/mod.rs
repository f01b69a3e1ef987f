//! Revisions, unmanaged resources and the last good revision, on disk.
