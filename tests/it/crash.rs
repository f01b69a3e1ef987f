//! A daemon that is killed at any moment serves a whole revision at its next start, old or new, alone.

mod moments;
mod scene;
mod steps;
