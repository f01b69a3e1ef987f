//! What was used in each window, and what may still be.
//!
//! The counters stand beside the routing table and go by identity, so that a new revision finds them as they were. All is
//! counted, limited or not, as the records in the store are: a limit that is new finds what was used before it.
//! A request reserves the worst that it may use in every account that limits it, or in none: the accounts are
//! locked together, in one order, for as long as it takes to compare and add. What it really used is settled when
//! it ends; a reservation that is dropped stays as it is, so that nothing is used for nothing.

use super::window::Windows;
use crate::{
    model::{Origin, ResourceId, spec::LimitWindow},
    routing::LimitRule,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock},
};

/// Whose usage is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// All requests with a key.
    Key(ResourceId),
    /// All requests made as an agent.
    Agent(ResourceId),
    /// All requests of callers of a namespace.
    Namespace(Arc<str>),
    /// All requests that an endpoint was called for, however often, and no other after it.
    Endpoint(ResourceId),
}

/// A scope with the rules that hold for it now.
#[derive(Debug)]
pub struct Limited<'a> {
    /// Whose usage counts.
    pub scope: Scope,
    /// What it is held against; nothing where it is only counted.
    pub rules: Vec<&'a LimitRule>,
}

/// What a request uses, at worst or in truth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Amount {
    /// Prompt and completion together.
    pub tokens: u64,
    /// Millionths of a US dollar; `None` if the price is not known.
    pub cost_microdollars: Option<u64>,
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Requests.
    Requests,
    /// Tokens.
    Tokens,
    /// Cost.
    Cost,
}

/// Why a request may not go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exceeded {
    /// Whose limit it is.
    pub scope: Scope,
    /// What there is not enough of.
    pub measure: Measure,
    /// How long the limit counts.
    pub window: LimitWindow,
    /// The limit.
    pub most: u64,
    /// Used and reserved in this window.
    pub used: u64,
    /// What the request may need; `None` if that is not known, as its price is not.
    pub needed: Option<u64>,
    /// When the window starts anew, in microseconds since 1970 (UTC).
    pub resets_us: i64,
    /// The manifest's line that says so.
    pub origin: Origin,
}

impl Exceeded {
    /// Whether the request would not fit into an empty window either.
    pub fn is_for_ever(&self) -> bool {
        self.needed.is_none_or(|needed| needed > self.most)
    }
}

/// What is left of the limit that is nearest to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Headroom {
    /// The limit.
    pub most: u64,
    /// What is left of it with this request reserved.
    pub left: u64,
    /// When it starts anew, in microseconds since 1970 (UTC).
    pub resets_us: i64,
}

/// Every account of the process.
#[derive(Debug, Default)]
pub struct Ledger(RwLock<HashMap<Scope, Arc<Account>>>);

/// What one scope has used, by window.
#[derive(Debug, Default)]
struct Account(Mutex<[Spent; LimitWindow::ALL.len()]>);

#[derive(Debug, Clone, Copy, Default)]
struct Spent {
    /// When the window began, in microseconds since 1970 (UTC).
    start_us: i64,
    requests: u64,
    tokens: u64,
    cost: u64,
}

/// What a request holds until it is settled.
#[derive(Debug, Default)]
pub struct Reservation {
    accounts: Vec<Arc<Account>>,
    windows: Windows,
    amount: Amount,
    /// What is left of requests and tokens, where they are limited.
    pub requests: Option<Headroom>,
    /// See `requests`.
    pub tokens: Option<Headroom>,
}

impl Ledger {
    /// Reserves the worst that a request may use, in all accounts or in none.
    ///
    /// # Errors
    ///
    /// - [`Exceeded`] names the limit that the caller has to wait for longest.
    pub fn reserve(
        &self,
        mut limited: Vec<Limited<'_>>,
        worst: Amount,
        now_us: i64,
    ) -> Result<Reservation, Box<Exceeded>> {
        if limited.is_empty() {
            return Ok(Reservation::default());
        }
        // Whoever locks several goes by this order, so that nobody waits in a circle.
        limited.sort_by(|one, other| one.scope.cmp(&other.scope));
        let accounts: Vec<_> = limited.iter().map(|it| self.account(&it.scope)).collect();
        let windows = Windows::at(now_us);
        let mut held: Vec<_> = accounts.iter().map(|account| account.lock()).collect();
        let mut exceeded: Option<Exceeded> = None;
        let mut reservation = Reservation {
            windows,
            amount: worst,
            ..Reservation::default()
        };
        for (spent, limited) in held.iter_mut().zip(&limited) {
            begin(spent, &windows);
            for rule in &limited.rules {
                let spent = spent[place(rule.window)];
                let resets_us = windows.end_us(rule.window);
                if let Some(broken) = broken(&spent, rule, worst) {
                    let broken = Exceeded {
                        scope: limited.scope.clone(),
                        measure: broken.measure,
                        window: rule.window,
                        most: broken.most,
                        used: broken.used,
                        needed: broken.needed,
                        resets_us,
                        origin: rule.origin.clone(),
                    };
                    let waits = |it: &Exceeded| (it.is_for_ever(), it.resets_us);
                    if exceeded
                        .as_ref()
                        .is_none_or(|it| waits(it) < waits(&broken))
                    {
                        exceeded = Some(broken);
                    }
                }
                let room = |most: Option<u64>, used: u64| {
                    let most = most?;
                    let left = most.saturating_sub(used);
                    Some(Headroom {
                        most,
                        left,
                        resets_us,
                    })
                };
                narrow(
                    &mut reservation.requests,
                    room(rule.requests, spent.requests + 1),
                );
                narrow(
                    &mut reservation.tokens,
                    room(rule.tokens, spent.tokens.saturating_add(worst.tokens)),
                );
            }
        }
        if let Some(exceeded) = exceeded {
            return Err(Box::new(exceeded));
        }
        for spent in held.iter_mut().flat_map(|spent| spent.iter_mut()) {
            spent.requests += 1;
            spent.tokens = spent.tokens.saturating_add(worst.tokens);
            spent.cost = spent
                .cost
                .saturating_add(worst.cost_microdollars.unwrap_or_default());
        }
        drop(held);
        reservation.accounts = accounts;
        Ok(reservation)
    }

    /// Adds what an earlier process used in the window that holds `now_us`.
    pub(super) fn recall(
        &self,
        scope: &Scope,
        window: LimitWindow,
        requests: u64,
        used: Amount,
        now_us: i64,
    ) {
        let account = self.account(scope);
        let mut windows = account.lock();
        begin(&mut windows, &Windows::at(now_us));
        let spent = &mut windows[place(window)];
        spent.requests = spent.requests.saturating_add(requests);
        spent.tokens = spent.tokens.saturating_add(used.tokens);
        let cost = used.cost_microdollars.unwrap_or_default();
        spent.cost = spent.cost.saturating_add(cost);
    }

    fn account(&self, scope: &Scope) -> Arc<Account> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(account) = known.get(scope) {
            return account.clone();
        }
        drop(known);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(scope.clone()).or_default().clone()
    }
}

impl Reservation {
    /// Puts what was really used in the place of what was reserved. Windows that ended since stay as they were.
    pub fn settle(self, used: Amount) {
        self.replace(1, used);
    }

    /// Takes everything back: another scope stands for the request now.
    pub(super) fn give_back(self) {
        self.replace(0, Amount::default());
    }

    fn replace(&self, requests: u64, used: Amount) {
        for account in &self.accounts {
            let mut windows = account.lock();
            for (spent, window) in windows.iter_mut().zip(LimitWindow::ALL) {
                if spent.start_us != self.windows.start_us(window) {
                    continue;
                }
                let cost = |amount: Amount| amount.cost_microdollars.unwrap_or_default();
                spent.requests = replaced(spent.requests, 1, requests);
                spent.tokens = replaced(spent.tokens, self.amount.tokens, used.tokens);
                spent.cost = replaced(spent.cost, cost(self.amount), cost(used));
            }
        }
    }
}

impl Account {
    fn lock(&self) -> MutexGuard<'_, [Spent; LimitWindow::ALL.len()]> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A limit that would be passed.
struct Broken {
    measure: Measure,
    most: u64,
    used: u64,
    needed: Option<u64>,
}

fn broken(spent: &Spent, rule: &LimitRule, worst: Amount) -> Option<Broken> {
    let cost = worst.cost_microdollars;
    [
        (Measure::Requests, rule.requests, spent.requests, Some(1)),
        (
            Measure::Tokens,
            rule.tokens,
            spent.tokens,
            Some(worst.tokens),
        ),
        (Measure::Cost, rule.cost_microdollars, spent.cost, cost),
    ]
    .into_iter()
    .find_map(|(measure, most, used, needed)| {
        let most = most?;
        let fits = needed.is_some_and(|needed| used.saturating_add(needed) <= most);
        (!fits).then_some(Broken {
            measure,
            most,
            used,
            needed,
        })
    })
}

/// Starts the windows anew that are over.
fn begin(spent: &mut [Spent; LimitWindow::ALL.len()], windows: &Windows) {
    for (spent, window) in spent.iter_mut().zip(LimitWindow::ALL) {
        let start_us = windows.start_us(window);
        // A clock that was set back starts nothing anew.
        if spent.start_us < start_us {
            *spent = Spent {
                start_us,
                ..Spent::default()
            };
        }
    }
}

const fn place(window: LimitWindow) -> usize {
    match window {
        LimitWindow::Minute => 0,
        LimitWindow::Hour => 1,
        LimitWindow::Day => 2,
        LimitWindow::Month => 3,
    }
}

fn narrow(room: &mut Option<Headroom>, other: Option<Headroom>) {
    if let Some(other) = other
        && room.is_none_or(|room| other.left < room.left)
    {
        *room = Some(other);
    }
}

fn replaced(sum: u64, reserved: u64, used: u64) -> u64 {
    sum.saturating_sub(reserved).saturating_add(used)
}
