//! The dependency graph of a catalog: missing references, cycles, order, blast radius.
//!
//! [`references`] says what one resource refers to; [`DependencyGraph::build`] links a whole catalog and
//! reports what does not hold together. Edges run from a dependent to its dependency.

mod credentials;
mod cycles;
mod dependencies;
mod field;
mod generated;
mod linking;
mod links;
mod missing;
mod order;
mod reference;
mod secret_hints;
mod systems;
mod templates;
mod unserved;

#[cfg(test)]
mod tests;

pub use dependencies::{Around, DependencyGraph};
pub use field::Field;
pub use reference::{Reference, references};
