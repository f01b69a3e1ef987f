//! Commands run as a whole, in temporary directories and against a daemon with canned answers.

mod arguments;
mod asking;
mod bench;
mod changing;
mod offline;
mod planning;
mod printing;
mod rendering;
mod sealing;
