//! The ordered difference of two catalogs, and its renderers.
