//! GitOps for AI model routing.
