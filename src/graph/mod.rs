//! The dependency graph of a catalog: missing references, cycles, order, blast radius.
