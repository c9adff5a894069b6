//! What is counted of requests, per sandbox: calls by principal and plan, calls by address. In memory, by the
//! sandbox's clock.

use std::{
    collections::HashMap,
    hash::{Hash, Hasher},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use guard::{
    Bounds, Charged, Counter,
    limit::{Charge, Tally, charge},
};
use model::{Principal, RealmId, Timestamp};

/// How many counters may be kept before those that say nothing any more are forgotten.
const PRUNE_AT: usize = 1024;

/// Whose calls a counter counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Whose {
    Principal(Arc<str>),
    Address(IpAddr),
}

impl Whose {
    fn of(principal: Option<&Principal>, address: IpAddr) -> Self {
        principal.map_or(Self::Address(address), |principal| Self::Principal(principal.subject.clone()))
    }
}

/// The counters of one sandbox.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    tallies: Mutex<Tallies>,
}

#[derive(Debug, Default)]
struct Tallies {
    kept: HashMap<u64, Vec<(Whose, Arc<str>, Tally)>>,
    count: usize,
    prune_at: usize,
}

impl Ledger {
    /// Counts one request of `principal` (or, where nobody had to say who they are, of `address`) on every
    /// counter; on none of them if one is spent.
    pub(crate) fn charge(
        &self,
        principal: Option<&Principal>,
        address: IpAddr,
        counters: &[Counter<'_>],
        now: Timestamp,
    ) -> Charged {
        let whose = Whose::of(principal, address);
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        let charged = tallies.foresee(&whose, counters, now);
        if charged.cause().is_none() {
            for counter in counters {
                tallies.update(&whose, counter.policy, counter.bounds, now);
            }
        }
        charged
    }

    /// What [`Self::charge`] would say; nothing is counted.
    pub(crate) fn foresee(
        &self,
        principal: Option<&Principal>,
        address: IpAddr,
        counters: &[Counter<'_>],
        now: Timestamp,
    ) -> Charged {
        let whose = Whose::of(principal, address);
        self.tallies.lock().unwrap_or_else(PoisonError::into_inner).foresee(&whose, counters, now)
    }

    /// Counts one request of `address` at the door.
    pub(crate) fn charge_address(
        &self,
        address: IpAddr,
        policy: &Arc<str>,
        bounds: Bounds,
        now: Timestamp,
    ) -> Charge {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        tallies.update(&Whose::Address(address), policy, bounds, now)
    }

    fn clear(&self) {
        *self.tallies.lock().unwrap_or_else(PoisonError::into_inner) = Tallies::default();
    }
}

impl Tallies {
    fn foresee(&self, whose: &Whose, counters: &[Counter<'_>], now: Timestamp) -> Charged {
        let mut charged = Charged::default();
        for counter in counters {
            let tally = self.find(whose, counter.policy).copied().unwrap_or_default();
            charged.push(counter.policy.clone(), charge(counter.bounds, tally, now).1);
        }
        if charged.cause().is_some() { charged.uncounted() } else { charged }
    }

    fn slot(whose: &Whose, policy: &str) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        whose.hash(&mut hasher);
        policy.hash(&mut hasher);
        hasher.finish()
    }

    fn find(&self, whose: &Whose, policy: &str) -> Option<&Tally> {
        let bucket = self.kept.get(&Self::slot(whose, policy))?;
        bucket.iter().find(|(of, name, _)| of == whose && **name == *policy).map(|(_, _, tally)| tally)
    }

    fn update(&mut self, whose: &Whose, policy: &Arc<str>, bounds: Bounds, now: Timestamp) -> Charge {
        if self.count >= self.prune_at.max(PRUNE_AT) {
            self.kept.retain(|_, bucket| {
                bucket.retain(|(_, _, tally)| !tally.is_idle(now));
                !bucket.is_empty()
            });
            self.count = self.kept.values().map(Vec::len).sum();
            self.prune_at = self.count * 2;
        }
        let bucket = self.kept.entry(Self::slot(whose, policy)).or_default();
        let place = bucket.iter().position(|(of, name, _)| of == whose && **name == **policy);
        let tally =
            place.and_then(|place| bucket.get(place)).map_or_else(Tally::default, |(_, _, tally)| *tally);
        let (tally, said) = charge(bounds, tally, now);
        if let Some(entry) = place.and_then(|place| bucket.get_mut(place)) {
            entry.2 = tally;
        } else {
            bucket.push((whose.clone(), policy.clone(), tally));
            self.count += 1;
        }
        said
    }
}

/// The ledgers of all sandboxes that have counted anything.
#[derive(Debug, Default)]
pub(crate) struct Ledgers(Mutex<HashMap<RealmId, Arc<Ledger>>>);

impl Ledgers {
    /// The ledger of a sandbox.
    pub(crate) fn of(&self, realm: &RealmId) -> Arc<Ledger> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(realm.clone()).or_default().clone()
    }

    /// Forgets what a sandbox has counted.
    pub(crate) fn forget(&self, realm: &RealmId) {
        let gone = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(realm);
        if let Some(ledger) = gone {
            ledger.clear();
        }
    }
}
