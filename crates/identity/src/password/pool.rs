use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use argon2::Params;
use aws_lc_rs::hmac;
use model::Secret;
use moka::sync::Cache;
use thiserror::Error;
use tokio::sync::Semaphore;

use super::{
    Accepted, Phc, Stored,
    memory::Memory,
    normal::{LONGEST, forms, nfkc},
    workers::Workers,
};
use crate::Account;

/// How many pairs that were found right are remembered.
const REMEMBERED: u64 = 10_000;
/// More threads than this hash nothing sooner.
const MOST_WORKERS: u32 = 256;

/// So many passwords are being checked that this one was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many passwords are being checked")]
pub struct Busy;

/// What one check costs (argon2id), and how many are done at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory of one check in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
    /// Checks at once.
    pub workers: usize,
    /// Checks that may wait; beyond it is [`Busy`].
    pub queue: usize,
}

impl Default for Cost {
    /// What OWASP's password storage cheat sheet asks for.
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2, lanes: 1, workers: 2, queue: 64 }
    }
}

impl Cost {
    /// Whether argon2 can have these costs, and they are within what any hash may cost.
    pub fn is_sound(&self) -> bool {
        self.params().is_some() && Phc::can_cost(self)
    }

    pub(super) fn params(&self) -> Option<Params> {
        Params::new(self.memory, self.passes, self.lanes, Some(32)).ok()
    }
}

/// Whether a password is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It is not.
    Wrong,
    /// It is.
    Right,
    /// It is, and it should be hashed anew ([`Passwords::hash_again`]): what is stored is of another scheme or
    /// cost than new ones are.
    Outdated,
}

impl Checked {
    /// Whether it is right.
    pub fn is_right(self) -> bool {
        match self {
            Self::Wrong => false,
            Self::Right | Self::Outdated => true,
        }
    }
}

/// Checks and hashes passwords. One check takes tens of milliseconds on purpose, so it runs on a pool of its
/// own with a bounded queue, and a pair that was right is remembered under a keyed hash.
///
/// What is used at once is bounded: `workers` times the memory of one hash; a hash that was imported and needs
/// more takes the places of several.
pub struct Passwords {
    cost: Cost,
    pairs: hmac::Key,
    right: Cache<[u8; 32], [u8; 32]>,
    waiting: Arc<Semaphore>,
    working: Arc<Semaphore>,
    workers: u32,
    places: usize,
    turned_away: AtomicU64,
    threads: Workers,
}

/// How busy the pool is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Hashes that are made now or wait for it.
    pub queued: usize,
    /// How many of them there may be at once.
    pub places: usize,
    /// Those that found no place, since the start.
    pub turned_away: u64,
}

impl Passwords {
    /// Starts with an empty memory. `key` is random, and this process's own.
    pub fn new(cost: Cost, key: &[u8; 32]) -> Self {
        let most = u32::try_from(cost.workers).unwrap_or(u32::MAX).clamp(1, MOST_WORKERS);
        let workers = usize::try_from(most).unwrap_or(1);
        let places = workers.saturating_add(cost.queue).min(Semaphore::MAX_PERMITS);
        Self {
            cost,
            pairs: hmac::Key::new(hmac::HMAC_SHA256, key),
            right: Cache::new(REMEMBERED),
            waiting: Arc::new(Semaphore::new(places)),
            working: Arc::new(Semaphore::new(workers)),
            workers: most,
            places,
            turned_away: AtomicU64::new(0),
            threads: Workers::new(most),
        }
    }

    /// How busy it is now.
    pub fn load(&self) -> Load {
        Load {
            queued: self.places.saturating_sub(self.waiting.available_permits()),
            places: self.places,
            turned_away: self.turned_away.load(Ordering::Relaxed),
        }
    }

    /// What a hash that is made now costs.
    pub fn cost(&self) -> &Cost {
        &self.cost
    }

    /// Whether this pair was found right before, and the account has that password still: what a request with
    /// Basic asks first, so that it pays nothing.
    pub fn is_known(&self, account: &Account, password: &str) -> bool {
        self.knows(&account.id, &account.password, password)
    }

    /// Whether `password` is the account's. Without an account (`None`: nobody has that name) the answer is
    /// no, after the same work.
    pub async fn check(&self, account: Option<&Account>, password: &str) -> Result<Checked, Busy> {
        match account {
            Some(account) => self.verify(&account.id, &account.password, password).await,
            None => self.verify("", &Stored::None, password).await,
        }
    }

    /// As [`Passwords::is_known`], by the account's id (with its realm, where there are several) and what is
    /// stored for it.
    pub fn knows(&self, id: &str, stored: &Stored, password: &str) -> bool {
        self.right.get(&self.pair(id, password)).is_some_and(|right| right == stored.fingerprint())
    }

    /// Whether `password` is the one that is stored for the account `id`. [`Stored::None`] answers no after
    /// the work of one hash of the present cost: so does a wrong password of an account whose hash is of it.
    pub async fn verify(&self, id: &str, stored: &Stored, password: &str) -> Result<Checked, Busy> {
        if self.knows(id, stored, password) {
            return Ok(Checked::Right);
        }
        let memory = match stored {
            Stored::Hashed(phc) => phc.memory(),
            Stored::Written(_) | Stored::None => self.cost.memory,
        };
        let work =
            Work { cost: self.cost, stored: stored.clone(), password: Secret::new(password.to_owned()) };
        let checked = self.on_the_pool(memory, move |memory| work.run(memory)).await?;
        if checked == Checked::Right {
            self.right.insert(self.pair(id, password), stored.fingerprint());
        }
        Ok(checked)
    }

    /// Hashes a new password. `salt` is random and of this hash alone.
    pub async fn hash(&self, password: &Accepted, salt: [u8; 16]) -> Result<Phc, Busy> {
        self.hash_normal(password.expose().to_owned(), salt).await
    }

    /// Hashes the password that was [`Checked::Outdated`], which is not judged again: it was taken elsewhere.
    pub async fn hash_again(&self, password: &str, salt: [u8; 16]) -> Result<Phc, Busy> {
        self.hash_normal(forms(password).remove(0), salt).await
    }

    async fn hash_normal(&self, password: String, salt: [u8; 16]) -> Result<Phc, Busy> {
        let (cost, password) = (self.cost, Secret::new(password));
        let phc = self.on_the_pool(cost.memory, move |memory| {
            // What argon2 cannot have was refused when the cost was read; the default is never refused.
            let bytes = password.expose().as_bytes();
            Phc::of(bytes, &salt, &cost, memory).or_else(|| Phc::of(bytes, &salt, &Cost::default(), memory))
        });
        phc.await?.ok_or(Busy)
    }

    /// Runs `work`, which takes `memory` KiB, once there is room; [`Busy`] at once where too many wait.
    async fn on_the_pool<T: Send + 'static>(
        &self,
        memory: u32,
        work: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Result<T, Busy> {
        let _place = self.waiting.try_acquire().map_err(|_| {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
            Busy
        })?;
        let rooms = memory.div_ceil(self.cost.memory.max(1)).clamp(1, self.workers);
        let permit = self.working.clone().acquire_many_owned(rooms).await.map_err(|_| Busy)?;
        let done = self.threads.run(move |memory| {
            let done = work(memory);
            drop(permit);
            done
        });
        done.await.ok_or(Busy)
    }

    fn pair(&self, id: &str, password: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.pairs);
        context.update(&(id.len() as u64).to_be_bytes());
        context.update(id.as_bytes());
        context.update(password.as_bytes());
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }
}

struct Work {
    cost: Cost,
    stored: Stored,
    password: Secret<String>,
}

impl Work {
    /// One hash for each form of what was typed on each way through: a name that nobody has must not answer
    /// sooner (G03).
    fn run(self, memory: &mut Memory) -> Checked {
        let password = self.password.expose();
        let fits = password.len() <= LONGEST;
        for form in forms(password) {
            let is_right = match &self.stored {
                Stored::None => {
                    self.spend(&form, memory);
                    false
                }
                Stored::Written(written) => {
                    self.spend(&form, memory);
                    let normal = nfkc(written.expose());
                    written.matches(form.as_bytes())
                        | Secret::new(normal.into_owned()).matches(form.as_bytes())
                }
                Stored::Hashed(phc) => phc.verify_in(form.as_bytes(), memory),
            };
            if is_right && fits {
                return self.how_right();
            }
        }
        Checked::Wrong
    }

    fn how_right(&self) -> Checked {
        match &self.stored {
            Stored::Hashed(phc) if phc.needs_rehash(&self.cost) => Checked::Outdated,
            Stored::Hashed(_) | Stored::Written(_) | Stored::None => Checked::Right,
        }
    }

    /// What a hash costs, for nothing.
    fn spend(&self, password: &str, memory: &mut Memory) {
        black_box(Phc::of(password.as_bytes(), &[0; 16], &self.cost, memory));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeSet,
        future::poll_fn,
        pin::pin,
        sync::atomic::{AtomicUsize, Ordering},
        task::{Context, Poll, Waker},
    };

    use model::ScopeSet;

    use super::*;
    use crate::{
        default_personas,
        password::{About, Leaked, Rules, judge},
    };

    fn cheap() -> Passwords {
        let cost = Cost { memory: 8, passes: 1, lanes: 1, workers: 1, queue: 0 };
        Passwords::new(cost, &[7; 32])
    }

    fn alice() -> Account {
        default_personas(&ScopeSet::new(), &BTreeSet::new(), &[]).remove(0)
    }

    #[tokio::test]
    async fn the_first_check_and_every_later_one_agree() {
        let (passwords, alice) = (cheap(), alice());
        assert_eq!(passwords.check(Some(&alice), "wrong").await, Ok(Checked::Wrong));
        assert_eq!(passwords.check(Some(&alice), "wrong").await, Ok(Checked::Wrong));
        assert_eq!(passwords.check(Some(&alice), "alice-password").await, Ok(Checked::Right));
        assert!(passwords.is_known(&alice, "alice-password"));
        assert_eq!(passwords.check(Some(&alice), "alice-password\0").await, Ok(Checked::Wrong));
        assert_eq!(passwords.check(None, "alice-password").await, Ok(Checked::Wrong));
    }

    #[tokio::test]
    async fn the_whole_password_counts_up_to_its_bound() {
        let passwords = cheap();
        let mut alice = alice();
        alice.password = Stored::Written(Secret::new("a".repeat(4097)));
        assert_eq!(passwords.check(Some(&alice), &"a".repeat(4097)).await, Ok(Checked::Wrong));
        alice.password = Stored::Written(Secret::new("a".repeat(1024)));
        assert_eq!(passwords.check(Some(&alice), &"a".repeat(1023)).await, Ok(Checked::Wrong));
        assert_eq!(passwords.check(Some(&alice), &"a".repeat(1025)).await, Ok(Checked::Wrong));
        assert_eq!(passwords.check(Some(&alice), &"a".repeat(1_000_000)).await, Ok(Checked::Wrong));
        assert_eq!(passwords.check(Some(&alice), &format!("{}b", "a".repeat(72))).await, Ok(Checked::Wrong));
        assert_eq!(passwords.check(Some(&alice), &"a".repeat(1024)).await, Ok(Checked::Right));
    }

    #[tokio::test]
    async fn a_password_that_was_changed_is_no_longer_known() {
        let (passwords, mut alice) = (cheap(), alice());
        assert_eq!(passwords.check(Some(&alice), "alice-password").await, Ok(Checked::Right));
        alice.password = Stored::Written(Secret::new("another".to_owned()));
        assert!(!passwords.is_known(&alice, "alice-password"));
        assert_eq!(passwords.check(Some(&alice), "alice-password").await, Ok(Checked::Wrong));
        assert_eq!(passwords.check(Some(&alice), "another").await, Ok(Checked::Right));
    }

    #[tokio::test]
    async fn more_checks_than_may_wait_are_turned_away() {
        let (passwords, alice) = (cheap(), alice());
        let _all = passwords.waiting.clone().try_acquire_owned().unwrap();
        assert_eq!(passwords.check(Some(&alice), "wrong").await, Err(Busy));
        assert_eq!(passwords.hash_again("wrong", [1; 16]).await, Err(Busy));
    }

    #[tokio::test]
    async fn a_password_that_was_hashed_is_right_however_it_is_composed() {
        let passwords = cheap();
        let rules = Rules { score: 0, ..Rules::default() };
        let candidate = "cafe\u{301} \u{ff21} correct horse";
        let accepted = judge(candidate, &About::default(), &rules, Leaked::No).unwrap();
        let stored = Stored::Hashed(passwords.hash(&accepted, [1; 16]).await.unwrap());
        assert_eq!(passwords.verify("1", &stored, candidate).await, Ok(Checked::Right));
        assert_eq!(passwords.verify("1", &stored, "caf\u{e9} A correct horse").await, Ok(Checked::Right));
        assert!(passwords.knows("1", &stored, candidate));
        assert!(!passwords.knows("2", &stored, candidate));
        assert_eq!(passwords.verify("1", &stored, "cafe A correct horse").await, Ok(Checked::Wrong));
        assert_eq!(passwords.verify("1", &Stored::None, candidate).await, Ok(Checked::Wrong));
        let other = Stored::Hashed(passwords.hash(&accepted, [2; 16]).await.unwrap());
        assert_ne!(stored, other);
        assert!(!passwords.knows("1", &other, candidate), "what is stored changed");
    }

    #[tokio::test]
    async fn a_hash_from_elsewhere_is_right_and_outdated_until_it_is_made_anew() {
        let passwords = cheap();
        // crypt_blowfish's own example.
        let phc = Phc::parse("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW").unwrap();
        let stored = Stored::Hashed(phc);
        assert_eq!(passwords.verify("1", &stored, "U*u").await, Ok(Checked::Wrong));
        assert_eq!(passwords.verify("1", &stored, "U*U").await, Ok(Checked::Outdated));
        assert_eq!(passwords.verify("1", &stored, "U*U").await, Ok(Checked::Outdated), "and says so again");
        let renewed = Stored::Hashed(passwords.hash_again("U*U", [3; 16]).await.unwrap());
        assert_eq!(passwords.verify("1", &renewed, "U*U").await, Ok(Checked::Right));
    }

    #[tokio::test]
    async fn a_flood_of_ten_times_what_fits_is_turned_away_at_once_and_never_uses_more() {
        let cost = Cost { memory: 64, passes: 1, lanes: 1, workers: 2, queue: 6 };
        let passwords = Passwords::new(cost, &[7; 32]);
        let (alice, most) = (alice(), AtomicUsize::new(0));
        let (turned_away, checked) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let flood = (0..80).map(|number| {
            let (passwords, alice, most) = (&passwords, &alice, &most);
            let (turned_away, checked) = (&turned_away, &checked);
            async move {
                let result = passwords.check(Some(alice), &format!("wrong {number}")).await;
                most.fetch_max(2 - passwords.working.available_permits(), Ordering::Relaxed);
                if let Ok(right) = result {
                    assert!(!right.is_right());
                    checked.fetch_add(1, Ordering::Relaxed);
                } else {
                    // Nobody was done yet when the last of them is turned away: they did not wait.
                    assert_eq!(checked.load(Ordering::Relaxed), 0);
                    turned_away.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        join_all(flood.collect()).await;
        assert_eq!(checked.into_inner(), 8);
        assert_eq!(turned_away.into_inner(), 72);
        assert!(most.into_inner() <= 2);
        assert_eq!(
            passwords.check(Some(&alice), "alice-password").await,
            Ok(Checked::Right),
            "and then all is as before"
        );
    }

    #[tokio::test]
    async fn a_hash_that_needs_the_memory_of_all_workers_waits_for_all_of_them() {
        let cost = Cost { memory: 64, passes: 1, lanes: 1, workers: 4, queue: 6 };
        let passwords = Passwords::new(cost, &[7; 32]);
        let large = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
        let stored = Stored::Hashed(Phc::parse(large).unwrap());
        let one = passwords.working.clone().try_acquire_owned().unwrap();
        let mut check = pin!(passwords.verify("1", &stored, "password"));
        let waker = &mut Context::from_waker(Waker::noop());
        assert!(check.as_mut().poll(waker).is_pending());
        assert_eq!(passwords.working.available_permits(), 0, "it waits for the fourth");
        drop(one);
        assert_eq!(check.await, Ok(Checked::Outdated));
    }

    #[test]
    fn a_cost_that_argon2_cannot_have_is_not_sound() {
        let cost = Cost::default();
        assert!(cost.is_sound());
        assert!(Cost { memory: 8, passes: 1, ..cost }.is_sound());
        for unsound in [
            Cost { memory: 7, ..cost },
            Cost { passes: 0, ..cost },
            Cost { lanes: 0, ..cost },
            Cost { lanes: 1000, ..cost },
            Cost { memory: 1 << 30, ..cost },
            Cost { passes: 1 << 30, ..cost },
        ] {
            assert!(!unsound.is_sound(), "{unsound:?}");
        }
    }

    /// Polls all until all are done; the first time in their order.
    async fn join_all<F: Future<Output = ()>>(futures: Vec<F>) {
        let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
        poll_fn(|context| {
            futures.retain_mut(|future| future.as_mut().poll(context).is_pending());
            if futures.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
