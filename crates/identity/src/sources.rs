mod bounded;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use guard::{
    Bounds, household,
    limit::{Rate, Tally, charge},
    neighbourhood, spraying,
};
use model::{RealmId, Timestamp};

use bounded::Bounded;

/// In how many places those are counted for whom there is none of their own: no flood of addresses makes room for
/// guessing.
const SHARED: u64 = 1000;
/// For how long an account is familiar from where somebody signed in to it.
const FAMILIAR: Duration = Duration::from_secs(86_400);

/// How many sign-ins may fail from one place, and when many accounts are being tried at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SourceRules {
    /// From one address (IPv6: one network of 64 bits); none: as many as one likes.
    pub address: Option<Rate>,
    /// From one network of 24 bits (IPv6: 48).
    pub network: Option<Rate>,
    /// What many accounts that fail bring about.
    pub spraying: Option<spraying::Settings>,
}

/// Somebody tries to sign in who is not known to have signed in before.
#[derive(Debug, Clone, Copy)]
pub struct Try<'a> {
    /// In which realm.
    pub realm: &'a RealmId,
    /// From where.
    pub from: IpAddr,
    /// To which account: its id, or what was typed, where nobody has that name.
    pub account: &'a str,
    /// When.
    pub now: Timestamp,
}

/// Where the failed sign-ins of every realm come from, whosever accounts they are at (attacks.md, G02, G09). In
/// memory: a restart is in the user's favour.
#[derive(Default)]
pub struct Sources {
    realms: Mutex<HashMap<RealmId, Realm>>,
    /// Hashes accounts so that nobody can foresee how.
    hashing: RandomState,
}

#[derive(Default)]
struct Realm {
    tallies: Bounded<(What, IpAddr, Span), Tally>,
    /// Names places that addresses share, so that nobody can foresee which.
    hashing: RandomState,
    spraying: spraying::State,
    /// Since when somebody signs in to an account from there, by a hash of both.
    familiar: Bounded<u64, Timestamp>,
}

/// What is counted: mails have counters of their own, so that who guesses takes nobody their way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Try,
    Mail,
}

/// How wide a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Span {
    Address,
    Network,
}

impl SourceRules {
    /// What holds where nothing is written.
    pub fn usual() -> Self {
        let per_hour = |count| Rate::new(count, Duration::from_secs(3600));
        Self { address: per_hour(60), network: per_hour(300), spraying: Self::spraying(50) }
    }

    /// An alarm once so many accounts fail within five to ten minutes, and more than sign in; 0: none.
    pub fn spraying(accounts: u32) -> Option<spraying::Settings> {
        let pace = Rate::new(30, Duration::from_secs(60))?;
        let (window, hold) = (Duration::from_secs(300), Duration::from_secs(900));
        (accounts > 0).then_some(spraying::Settings { accounts, window, hold, pace })
    }

    fn places(&self, from: IpAddr) -> impl Iterator<Item = (IpAddr, Span, Bounds)> {
        let bounds = |rate: Rate| Bounds { rate: Some(rate), quota: None };
        let address = self.address.map(|rate| (household(from), Span::Address, bounds(rate)));
        let network = self.network.map(|rate| (neighbourhood(from), Span::Network, bounds(rate)));
        address.into_iter().chain(network)
    }
}

impl Sources {
    /// After how long tries from there are looked at again: its address or its network has failed too often. To
    /// be asked once more after a password was hashed, so that no number at once is more than that.
    pub fn wait(&self, attempt: &Try<'_>, rules: &SourceRules) -> Option<Duration> {
        let place = self.place(attempt);
        self.in_realm(attempt.realm, |realm| realm.wait(What::Try, place, attempt, rules))
    }

    /// Whether a try may be looked at; else after how long to come again. Who is familiar may.
    pub fn admit(&self, attempt: &Try<'_>, rules: &SourceRules) -> Result<(), Duration> {
        let place = self.place(attempt);
        self.in_realm(attempt.realm, |realm| {
            if let Some(wait) = realm.wait(What::Try, place, attempt, rules) {
                return Err(wait);
            }
            match &rules.spraying {
                Some(spraying) if !realm.is_familiar(place, attempt.now) => {
                    realm.spraying.admit(spraying, attempt.now)
                }
                Some(_) | None => Ok(()),
            }
        })
    }

    /// Counts a try that failed. Where an alarm begins by it: at about how many accounts.
    pub fn fail(&self, attempt: &Try<'_>, rules: &SourceRules) -> Option<u64> {
        let (place, account) = (self.place(attempt), self.hashing.hash_one(attempt.account));
        self.in_realm(attempt.realm, |realm| {
            if realm.is_familiar(place, attempt.now) {
                return None;
            }
            realm.charge(What::Try, attempt.from, rules, attempt.now);
            realm.spraying.fail(rules.spraying.as_ref()?, account, attempt.now)
        })
    }

    /// Remembers that somebody signed in.
    pub fn succeed(&self, attempt: &Try<'_>, rules: &SourceRules) {
        if *rules == SourceRules::default() {
            return;
        }
        let (place, account) = (self.place(attempt), self.hashing.hash_one(attempt.account));
        self.in_realm(attempt.realm, |realm| {
            if let Some(spraying) = &rules.spraying {
                realm.spraying.succeed(spraying, account, attempt.now);
            }
            if realm.familiar.has_room_for(&place) {
                let is_old = |since: &Timestamp| attempt.now.since(*since) >= FAMILIAR;
                realm.familiar.put(place, attempt.now, attempt.now, is_old);
            }
        });
    }

    /// Counts a mail that somebody asks for without having signed in; else after how long to come again.
    pub fn mail(&self, attempt: &Try<'_>, rules: &SourceRules) -> Result<(), Duration> {
        self.in_realm(attempt.realm, |realm| {
            if let Some(wait) = realm.spent(What::Mail, attempt, rules) {
                return Err(wait);
            }
            realm.charge(What::Mail, attempt.from, rules, attempt.now);
            Ok(())
        })
    }

    /// Forgets a realm.
    pub fn forget(&self, realm: &RealmId) {
        self.lock().remove(realm);
    }

    fn place(&self, attempt: &Try<'_>) -> u64 {
        self.hashing.hash_one((household(attempt.from), attempt.account))
    }

    fn in_realm<T>(&self, realm: &RealmId, look: impl FnOnce(&mut Realm) -> T) -> T {
        let mut realms = self.lock();
        if let Some(realm) = realms.get_mut(realm) {
            return look(realm);
        }
        look(realms.entry(realm.clone()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RealmId, Realm>> {
        self.realms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Realm {
    fn wait(&self, what: What, place: u64, attempt: &Try<'_>, rules: &SourceRules) -> Option<Duration> {
        if self.is_familiar(place, attempt.now) { None } else { self.spent(what, attempt, rules) }
    }

    fn spent(&self, what: What, attempt: &Try<'_>, rules: &SourceRules) -> Option<Duration> {
        let waits = rules.places(attempt.from).filter_map(|(address, span, bounds)| {
            let tally = self.tally(&self.counted((what, address, span)));
            charge(bounds, tally, attempt.now).1.cause()?.retry_after()
        });
        waits.max()
    }

    fn charge(&mut self, what: What, from: IpAddr, rules: &SourceRules, now: Timestamp) {
        for (address, span, bounds) in rules.places(from) {
            let place = self.counted((what, address, span));
            let tally = charge(bounds, self.tally(&place), now).0;
            self.tallies.put(place, tally, now, |tally| tally.is_idle(now));
        }
    }

    /// Where something is counted: in its own place, or where there is none left in one that it shares.
    fn counted(&self, own: (What, IpAddr, Span)) -> (What, IpAddr, Span) {
        if self.tallies.has_room_for(&own) {
            return own;
        }
        // No packet comes from there (RFC 6666).
        let shared = u128::from(self.hashing.hash_one(own.1) % SHARED) | (0x100 << 112);
        (own.0, Ipv6Addr::from(shared).into(), own.2)
    }

    fn tally(&self, place: &(What, IpAddr, Span)) -> Tally {
        self.tallies.get(place).copied().unwrap_or_default()
    }

    fn is_familiar(&self, place: u64, now: Timestamp) -> bool {
        self.familiar.get(&place).is_some_and(|since| now.since(*since) < FAMILIAR)
    }
}

#[cfg(test)]
mod tests {
    use super::{bounded::MOST, *};

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn rules(address: &str, network: &str, accounts: u32) -> SourceRules {
        SourceRules {
            address: address.parse().ok(),
            network: network.parse().ok(),
            spraying: SourceRules::spraying(accounts),
        }
    }

    struct House {
        sources: Sources,
        realm: RealmId,
        rules: SourceRules,
    }

    impl House {
        fn new(rules: SourceRules) -> Self {
            Self { sources: Sources::default(), realm: RealmId::new("main"), rules }
        }

        fn attempt<'a>(&'a self, from: &str, account: &'a str) -> Try<'a> {
            Try { realm: &self.realm, from: from.parse().unwrap(), account, now: NOW }
        }

        /// A wrong password: whether it was looked at.
        fn fail(&self, from: &str, account: &str) -> bool {
            let attempt = self.attempt(from, account);
            let looked = self.sources.admit(&attempt, &self.rules).is_ok();
            if looked {
                self.sources.fail(&attempt, &self.rules);
            }
            looked
        }
    }

    #[test]
    fn an_address_fails_so_often_at_whatever_accounts_and_its_neighbours_go_on() {
        let house = House::new(rules("3/h", "100/h", 0));
        for account in ["a", "b", "c"] {
            assert!(house.fail("192.0.2.1", account));
        }
        let attempt = house.attempt("192.0.2.1", "d");
        assert_eq!(house.sources.admit(&attempt, &house.rules), Err(Duration::from_secs(1200)));
        let later = Try { now: NOW.plus(Duration::from_secs(1200)), ..attempt };
        assert!(house.sources.admit(&later, &house.rules).is_ok());
        assert!(house.fail("192.0.2.2", "d"));
    }

    #[test]
    fn who_hops_within_a_network_is_stopped_by_the_networks_own_limit() {
        let house = House::new(rules("3/h", "10/h", 0));
        let tried = |from: &dyn Fn(u32) -> String| {
            (0..100).filter(|number| house.fail(&from(*number), "alice")).count()
        };
        assert_eq!(tried(&|number| format!("2001:db8:1:2::{number:x}")), 3, "one /64 is one address");
        assert_eq!(tried(&|number| format!("2001:db8:2:{number:x}::1")), 10, "one /48 is one network");
        assert_eq!(tried(&|number| format!("192.0.2.{number}")), 10);
    }

    #[test]
    fn who_signed_in_from_there_before_goes_on_through_everything() {
        let house = House::new(rules("3/h", "10/h", 5));
        let own = house.attempt("192.0.2.1", "alice");
        house.sources.succeed(&own, &house.rules);
        for number in 0..20 {
            house.fail("192.0.2.1", &format!("user{number}"));
            house.fail(&format!("198.51.{number}.1"), &format!("other{number}"));
        }
        assert!(house.sources.admit(&house.attempt("192.0.2.1", "bob"), &house.rules).is_err());
        assert!(house.sources.admit(&own, &house.rules).is_ok());
        let elsewhere = house.attempt("203.0.113.9", "alice");
        let refused = (0..40).filter(|_| house.sources.admit(&elsewhere, &house.rules).is_err()).count();
        assert!(refused > 5, "strangers come in at a pace");
        let tomorrow = Try { now: NOW.plus(FAMILIAR), ..own };
        house.sources.fail(&tomorrow, &house.rules);
        assert!(!house.sources.lock()[&house.realm].is_familiar(house.sources.place(&own), tomorrow.now));
    }

    #[test]
    fn an_alarm_is_told_once_and_by_whatever_addresses_it_comes() {
        let house = House::new(rules("60/h", "300/h", 50));
        let told: Vec<u64> = (0..70)
            .filter_map(|number| {
                let (from, account) = (format!("10.{number}.0.1"), format!("user{number}"));
                house.sources.fail(&house.attempt(&from, &account), &house.rules)
            })
            .collect();
        assert_eq!(told, [50]);
    }

    #[test]
    fn mails_are_counted_apart_from_tries() {
        let house = House::new(rules("3/h", "10/h", 0));
        for _ in 0..3 {
            house.fail("192.0.2.1", "alice");
        }
        let asked = house.attempt("192.0.2.1", "alice");
        let sent = (0..10).filter(|_| house.sources.mail(&asked, &house.rules).is_ok()).count();
        assert_eq!(sent, 3);
        assert!(house.sources.wait(&asked, &house.rules).is_some());
        house.sources.forget(&house.realm);
        assert_eq!(house.sources.wait(&asked, &house.rules), None);
    }

    #[test]
    fn where_nothing_is_written_nothing_is_counted() {
        let house = House::new(SourceRules::default());
        assert!((0..1000).all(|number| house.fail("192.0.2.1", &format!("user{number}"))));
        assert!(house.sources.lock()[&house.realm].tallies.kept.is_empty());
    }

    #[test]
    fn a_flood_of_addresses_does_not_grow_without_bound() {
        let house = House::new(rules("3/h", "100/h", 0));
        for number in 0..60_000_u32 {
            let [_, a, b, c] = number.to_be_bytes();
            let from = IpAddr::from([10 + a, b, c, 1]);
            house.sources.fail(&Try { from, ..house.attempt("10.0.0.1", "x") }, &house.rules);
        }
        let kept = |house: &House| house.sources.lock()[&house.realm].tallies.kept.len();
        // And those that are shared, of either span.
        assert!((MOST..=MOST + 2000).contains(&kept(&house)), "{}", kept(&house));
        let later = Try { now: NOW.plus(FAMILIAR), ..house.attempt("203.0.113.1", "x") };
        house.sources.fail(&later, &house.rules);
        assert_eq!(kept(&house), 2);
    }

    #[test]
    fn whoever_comes_from_more_places_than_are_kept_is_counted_all_the_same() {
        let house = House::new(rules("3/h", "", 0));
        let places = MOST + 30_000;
        for number in 0..places {
            let from = format!("2001:db8:{:x}:{:x}::1", number >> 16, number & 0xffff);
            house.fail(&from, "alice");
        }
        assert!(!house.fail("2001:db9::1", "alice"), "there is no place left that has not failed");
        let realms = house.sources.lock();
        assert!(realms[&house.realm].tallies.kept.len() <= MOST + 1000);
    }
}
