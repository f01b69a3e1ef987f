//! Configuration, wiring, start and drain.
