//! Commands run as a whole, in temporary directories and against a daemon with canned answers.

mod arguments;
mod asking;
mod bench;
mod changing;
mod codes;
mod formats;
mod identities;
mod offline;
mod panics;
mod planning;
mod printing;
mod reading;
mod recipients;
mod rendering;
mod resealing;
mod scopes;
mod sealing;
mod watching;
