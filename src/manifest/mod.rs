//! Bytes of a tree to documents with positions, schema-checked, to a catalog and findings.
