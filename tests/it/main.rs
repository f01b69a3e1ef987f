//! End to end: the built binary, real Git repositories, upstream servers that record what they receive.
//!
//! One file per question; what they share is in [`support`]. Nothing leaves the loopback interface.
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod support;

mod agentgateway_backend;
mod aimock_upstream;
mod anthropic_sdk;
mod atomic_switch_under_load;
mod backup;
mod bad_push_is_refused_whole;
mod broken_disks;
mod canaries;
mod client_keys;
mod console;
mod crash;
mod daemon_start;
mod first_tour;
mod floods;
mod git_access;
mod harness;
mod hostile_files;
mod hostile_repositories;
mod https_remotes;
mod junit_report;
mod keys_of_the_daemon;
mod known_incidents;
mod llmock_upstream;
mod look_around;
mod mounted_secrets;
mod openai_node_sdk;
mod openai_sdk;
mod operating;
mod prompts_stay_private;
mod push_goes_live;
mod renames_and_windows;
mod requests_at_once;
mod requests_choose_nothing;
mod restart_serves_last_good;
mod review_before_pushing;
mod sealed_by_others;
mod secret_changes;
mod secret_files;
mod secrets_stay_secret;
mod seeds_words;
mod several_sources;
mod silent_remotes;
mod soak;
mod sops_files;
mod ssh_remotes;
mod traces;
mod trusted_history;
mod upstream_dialects;
mod validate_seed_repo;
mod webhooks;
