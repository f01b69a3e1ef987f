//! A Git remote or a directory to bounded blobs; nothing is ever checked out.
