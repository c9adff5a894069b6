use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use model::{SandboxName, Timestamp};
use thiserror::Error;

use super::Sandbox;
use crate::scenario::{Play, PlayError, Plays};

/// How many sandboxes there may be, and when one ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long after its last use a sandbox ends, by main's clock.
    pub idle: Duration,
    /// How many there are at most, without `main`.
    pub max: usize,
    /// Plays that every sandbox starts with, as personas' own scenarios; at most [`crate::scenario::MOST_PLAYS`].
    pub standing: Vec<Play>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { idle: Duration::from_secs(600), max: 10_000, standing: Vec::new() }
    }
}

impl Settings {
    /// Whether the standing plays fit in a sandbox.
    pub fn check(&self) -> Result<(), PlayError> {
        let trial = Plays::default();
        self.standing.iter().try_for_each(|play| trial.add(play.clone()).map(drop))
    }
}

/// No room for another sandbox: all that there may be were used within the idle time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("there are {0} sandboxes in use already; delete some, or let them end")]
pub struct Full(pub usize);

/// All sandboxes of a mock. `main` is always there; others begin with their first request and end when they
/// were idle, or when they are deleted.
#[derive(Debug)]
pub struct Sandboxes {
    settings: Settings,
    main: Arc<Sandbox>,
    others: RwLock<BTreeMap<SandboxName, Arc<Sandbox>>>,
}

/// A sandbox that a request comes into.
#[derive(Debug, Clone)]
pub struct Entered {
    /// Which.
    pub sandbox: Arc<Sandbox>,
    /// Those that ended to make it, itself included where it had been idle: what is stored of them is to be
    /// forgotten before the request goes on.
    pub ended: Vec<SandboxName>,
}

/// One sandbox, for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its name.
    pub name: SandboxName,
    /// Its time.
    pub now: Timestamp,
    /// How many requests it saw.
    pub requests: u64,
    /// How many plays are not over.
    pub plays: usize,
    /// When it ends if nobody uses it, by main's clock; `main` never does.
    pub idle_ends: Option<Timestamp>,
}

impl Sandboxes {
    /// With `main` alone.
    pub fn new(settings: Settings, real: Timestamp) -> Self {
        let main = Arc::new(Sandbox::new(SandboxName::main(), &settings.standing, real));
        Self { settings, main, others: RwLock::default() }
    }

    /// The one of every request that names none.
    pub fn main(&self) -> &Arc<Sandbox> {
        &self.main
    }

    /// Main's time, by which the others end.
    pub fn main_now(&self, real: Timestamp) -> Timestamp {
        self.main.clock().now(real)
    }

    /// The sandbox of this name, made if it is not there, and used at this moment. One whose idle time is
    /// over begins anew.
    pub fn enter(&self, name: &SandboxName, real: Timestamp) -> Result<Entered, Full> {
        if name.is_main() {
            return Ok(Entered { sandbox: self.main.clone(), ended: Vec::new() });
        }
        let main_now = self.main_now(real);
        if let Some(sandbox) = self.read().get(name).filter(|sandbox| !self.is_idle(sandbox, main_now)) {
            sandbox.mark_used(main_now);
            return Ok(Entered { sandbox: sandbox.clone(), ended: Vec::new() });
        }
        self.make(name, main_now)
    }

    fn make(&self, name: &SandboxName, main_now: Timestamp) -> Result<Entered, Full> {
        let mut others = self.write();
        let mut ended = Vec::new();
        match others.get(name) {
            // Another request made it meanwhile.
            Some(sandbox) if !self.is_idle(sandbox, main_now) => {
                return Ok(Entered { sandbox: sandbox.clone(), ended });
            }
            Some(_) => {
                others.remove(name);
                ended.push(name.clone());
            }
            None if others.len() >= self.settings.max => {
                ended = self.end_idle(&mut others, main_now);
            }
            None => {}
        }
        if others.len() >= self.settings.max {
            return Err(Full(others.len()));
        }
        let sandbox = Arc::new(Sandbox::new(name.clone(), &self.settings.standing, main_now));
        others.insert(name.clone(), sandbox.clone());
        Ok(Entered { sandbox, ended })
    }

    /// The sandbox of this name, if it is there; that is no use of it.
    pub fn find(&self, name: &SandboxName) -> Option<Arc<Sandbox>> {
        if name.is_main() { Some(self.main.clone()) } else { self.read().get(name).cloned() }
    }

    /// All of them: `main`, then the others by name.
    pub fn list(&self, real: Timestamp) -> Vec<Summary> {
        let main_now = self.main_now(real);
        let others = self.read();
        let alive = others.values().filter(|sandbox| !self.is_idle(sandbox, main_now));
        let summary = |sandbox: &Arc<Sandbox>| Summary {
            name: sandbox.name().clone(),
            now: sandbox.clock().now(real),
            requests: sandbox.requests(),
            plays: sandbox.plays().waiting(),
            idle_ends: (!sandbox.name().is_main()).then(|| sandbox.last_used().plus(self.settings.idle)),
        };
        std::iter::once(&self.main).chain(alive).map(summary).collect()
    }

    /// Puts a sandbox back to how it began. What is stored of it and its journal are the caller's to clear.
    pub fn reset(&self, sandbox: &Sandbox) {
        sandbox.begin_anew(&self.settings.standing);
    }

    /// Ends a sandbox; whether it was there. `main` is only reset.
    pub fn delete(&self, name: &SandboxName) -> bool {
        if name.is_main() {
            self.reset(&self.main);
            return true;
        }
        self.write().remove(name).is_some()
    }

    /// Ends those whose idle time is over by main's clock; their names, so that what is stored of them goes
    /// too. Asked from time to time, and whenever main's clock was moved.
    pub fn sweep(&self, real: Timestamp) -> Vec<SandboxName> {
        let main_now = self.main_now(real);
        self.end_idle(&mut self.write(), main_now)
    }

    /// How many there are, without `main`.
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether `main` is alone.
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    fn end_idle(
        &self,
        others: &mut BTreeMap<SandboxName, Arc<Sandbox>>,
        main_now: Timestamp,
    ) -> Vec<SandboxName> {
        let mut ended = Vec::new();
        others.retain(|name, sandbox| {
            // Main's clock was set back: its idle time begins now, or it would never end.
            if sandbox.last_used() > main_now {
                sandbox.mark_used(main_now);
            }
            let idle = self.is_idle(sandbox, main_now);
            if idle {
                ended.push(name.clone());
            }
            !idle
        });
        ended
    }

    fn is_idle(&self, sandbox: &Sandbox, main_now: Timestamp) -> bool {
        main_now.since(sandbox.last_used()) >= self.settings.idle
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<SandboxName, Arc<Sandbox>>> {
        self.others.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<SandboxName, Arc<Sandbox>>> {
        self.others.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        sandbox::Turning,
        scenario::{Target, read_steps},
    };

    const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const MINUTE: Duration = Duration::from_secs(60);

    fn name(text: &str) -> SandboxName {
        text.parse().unwrap()
    }

    fn sandboxes(max: usize) -> Sandboxes {
        Sandboxes::new(Settings { max, ..Settings::default() }, NOON)
    }

    fn play() -> Play {
        Play::new(read_steps(["status:503"]).unwrap(), None, Target::Apis, false).unwrap()
    }

    #[test]
    fn a_sandbox_begins_with_its_first_request_and_is_the_same_for_the_next() {
        let all = sandboxes(10);
        let first = all.enter(&name("t-42"), NOON).unwrap().sandbox;
        let second = all.enter(&name("t-42"), NOON).unwrap().sandbox;
        assert!(Arc::ptr_eq(&first, &second));
        assert!(all.find(&name("t-43")).is_none());
        assert!(Arc::ptr_eq(&all.enter(&name("main"), NOON).unwrap().sandbox, all.main()));
        assert_eq!(all.len(), 1);
    }

    #[test]
    fn each_has_its_own_clock_and_plays() {
        let all = sandboxes(10);
        let one = all.enter(&name("one"), NOON).unwrap().sandbox;
        let two = all.enter(&name("two"), NOON).unwrap().sandbox;
        one.clock().turn(Turning::Advance(MINUTE), NOON).unwrap();
        one.plays().add(play()).unwrap();
        assert_eq!((two.clock().now(NOON), two.plays().waiting()), (NOON, 0));
        assert_eq!(all.main_now(NOON), NOON);
    }

    #[test]
    fn one_ends_ten_minutes_after_its_last_use_by_mains_clock() {
        let all = sandboxes(10);
        all.enter(&name("idle"), NOON).unwrap();
        all.enter(&name("used"), NOON).unwrap();
        all.enter(&name("used"), NOON.plus(MINUTE * 5)).unwrap();
        assert!(all.sweep(NOON.plus(Duration::from_secs(599))).is_empty());
        assert_eq!(all.sweep(NOON.plus(MINUTE * 10)), [name("idle")]);
        all.main().clock().turn(Turning::Advance(MINUTE * 10), NOON).unwrap();
        assert_eq!(all.sweep(NOON.plus(MINUTE * 10)), [name("used")]);
        assert!(all.is_empty());
        assert!(all.find(&SandboxName::main()).is_some());
    }

    #[test]
    fn its_own_clock_does_not_end_a_sandbox() {
        let all = sandboxes(10);
        let sandbox = all.enter(&name("t"), NOON).unwrap().sandbox;
        sandbox.clock().turn(Turning::Advance(MINUTE * 600), NOON).unwrap();
        assert!(all.sweep(NOON).is_empty());
    }

    #[test]
    fn one_that_was_idle_begins_anew_even_before_it_was_swept() {
        let all = sandboxes(10);
        let before = all.enter(&name("t"), NOON).unwrap().sandbox;
        before.plays().add(play()).unwrap();
        let later = NOON.plus(MINUTE * 11);
        assert_eq!(all.list(later).len(), 1);
        let entered = all.enter(&name("t"), later).unwrap();
        assert_eq!(entered.ended, [name("t")]);
        assert_eq!(entered.sandbox.plays().waiting(), 0);
    }

    #[test]
    fn when_mains_clock_is_set_back_the_idle_time_begins_again() {
        let all = sandboxes(10);
        all.main().clock().turn(Turning::Advance(MINUTE * 6000), NOON).unwrap();
        all.enter(&name("t"), NOON).unwrap();
        all.main().clock().turn(Turning::Reset, NOON).unwrap();
        assert!(all.sweep(NOON).is_empty());
        assert_eq!(all.sweep(NOON.plus(MINUTE * 10)), [name("t")]);
    }

    #[test]
    fn a_full_house_makes_room_by_idle_ones_alone() {
        let all = sandboxes(2);
        all.enter(&name("a"), NOON).unwrap();
        all.enter(&name("b"), NOON.plus(MINUTE)).unwrap();
        assert_eq!(all.enter(&name("c"), NOON.plus(MINUTE * 2)).unwrap_err(), Full(2));
        let entered = all.enter(&name("c"), NOON.plus(MINUTE * 10)).unwrap();
        assert_eq!((entered.ended, all.len()), (vec![name("a")], 2));
    }

    #[test]
    fn reset_leaves_it_as_it_began() {
        let standing = vec![play()];
        let all = Sandboxes::new(Settings { standing, ..Settings::default() }, NOON);
        let sandbox = all.enter(&name("t"), NOON).unwrap().sandbox;
        assert_eq!(sandbox.plays().waiting(), 1);
        sandbox.plays().add(play()).unwrap();
        sandbox.clock().turn(Turning::Advance(MINUTE), NOON).unwrap();
        sandbox.count_request();
        all.reset(&sandbox);
        assert_eq!((sandbox.plays().waiting(), sandbox.requests()), (1, 0));
        assert_eq!((sandbox.clock().now(NOON), sandbox.resets()), (NOON, 1));
    }

    #[test]
    fn main_is_reset_where_others_are_deleted() {
        let all = sandboxes(10);
        all.enter(&name("t"), NOON).unwrap();
        all.main().clock().turn(Turning::Advance(MINUTE), NOON).unwrap();
        assert!(all.delete(&name("t")));
        assert!(!all.delete(&name("t")));
        assert!(all.delete(&name("main")));
        assert_eq!(all.main_now(NOON), NOON);
    }

    #[test]
    fn ten_thousand_sandboxes_end_at_once() {
        let all = sandboxes(10_000);
        for number in 0..10_000 {
            let sandbox = all.enter(&name(&format!("t-{number}")), NOON).unwrap().sandbox;
            sandbox.clock().turn(Turning::Advance(MINUTE), NOON).unwrap();
        }
        assert!(all.enter(&name("one-more"), NOON).is_err());
        assert_eq!(all.list(NOON).len(), 10_001);
        all.main().clock().turn(Turning::Advance(MINUTE * 10), NOON).unwrap();
        assert_eq!(all.sweep(NOON).len(), 10_000);
        assert!(size_of::<Sandbox>() < 256);
    }
}
