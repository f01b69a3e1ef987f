//! One file per command; terminal output and exit codes.
