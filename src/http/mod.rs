//! The doors: gateway, resource and control API, webhooks, probes.
