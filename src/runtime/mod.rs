//! Agents: what a request made as an agent sends.
