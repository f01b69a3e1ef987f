//! Commands run as a whole, in temporary directories and against a daemon with canned answers.

mod arguments;
mod asking;
mod bench;
mod changing;
mod offline;
mod planning;
mod rendering;
mod sealing;
