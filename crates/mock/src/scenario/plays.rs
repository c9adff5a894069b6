use std::{
    fmt,
    str::FromStr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{Occasion, Play, PlayError, Step};

/// How many plays that are not over a sandbox holds at most.
pub const MOST_PLAYS: usize = 1_000;
/// How many steps all plays of a sandbox have at most.
const MOST_STEPS: usize = 100_000;

/// Names a play of a sandbox: `play-1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayId(u64);

impl fmt::Display for PlayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "play-{}", self.0)
    }
}

impl FromStr for PlayId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = text.strip_prefix("play-").filter(|number| !number.starts_with(['+', '0']));
        number.and_then(|number| number.parse().ok()).map(Self).ok_or(())
    }
}

/// The plays of one sandbox. Each step is given to exactly one request, whoever asks at once.
#[derive(Debug, Default)]
pub struct Plays {
    /// How many are not over, so that a request where nothing is forced asks one number and no lock.
    waiting: AtomicUsize,
    board: Mutex<Board>,
}

#[derive(Debug, Default)]
struct Board {
    last: u64,
    plays: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    id: PlayId,
    play: Play,
    next: usize,
}

/// A step that was given out, to this request alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Which play it is of.
    pub play: PlayId,
    /// The step.
    pub step: Step,
}

/// A play as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: PlayId,
    /// What it is.
    pub play: Play,
    /// How many steps are left; for one that repeats, until it starts again.
    pub remaining: usize,
}

impl Plays {
    /// Puts a play on; it acts before older ones of its precedence. Plays that are over make room.
    pub fn add(&self, play: Play) -> Result<PlayId, PlayError> {
        let mut board = self.lock();
        let steps: usize = board.plays.iter().map(|running| running.play.steps.len()).sum();
        let crowded = board.plays.len() >= MOST_PLAYS || steps + play.steps.len() > MOST_STEPS;
        if crowded {
            board.plays.retain(|running| !running.is_over());
        }
        let steps: usize = board.plays.iter().map(|running| running.play.steps.len()).sum();
        if board.plays.len() >= MOST_PLAYS || steps + play.steps.len() > MOST_STEPS {
            return Err(PlayError::TooMany);
        }
        board.last += 1;
        let id = PlayId(board.last);
        board.plays.push(Running { id, play, next: 0 });
        self.count(&board);
        Ok(id)
    }

    /// The next step for a request: of the plays that it takes part in, that for persona and operation acts
    /// before that for the persona, for the operation, for the sandbox; the newer before the older. A play
    /// that is over lets the next one act. A request with the header `Lobby-Scenario` does not ask: the
    /// header comes before all plays, and they wait.
    pub fn take(&self, occasion: Occasion<'_>, persona: Option<&str>) -> Option<Taken> {
        if self.waiting.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut board = self.lock();
        let acting = board.plays.iter_mut().filter(|running| running.acts(occasion, persona));
        let acting = acting.max_by_key(|running| (running.precedence(), running.id))?;
        let play = acting.id;
        let step = acting.advance()?;
        let over = acting.is_over();
        if over {
            self.count(&board);
        }
        Some(Taken { play, step })
    }

    /// Whether a play for one persona waits for requests of this occasion: only then it matters whose they are.
    pub fn asks_who(&self, occasion: Occasion<'_>) -> bool {
        let is_for_one = |running: &Running| {
            running.play.persona.is_some() && !running.is_over() && running.play.target.includes(occasion)
        };
        self.waiting() > 0 && self.lock().plays.iter().any(is_for_one)
    }

    /// All plays, oldest first, with those that are over.
    pub fn list(&self) -> Vec<Listed> {
        let board = self.lock();
        let listed = board.plays.iter().map(|running| Listed {
            id: running.id,
            play: running.play.clone(),
            remaining: running.remaining(),
        });
        listed.collect()
    }

    /// Takes a play off; whether it was there.
    pub fn remove(&self, id: PlayId) -> bool {
        let mut board = self.lock();
        let before = board.plays.len();
        board.plays.retain(|running| running.id != id);
        self.count(&board);
        board.plays.len() < before
    }

    /// Takes all plays off. Names are not given twice.
    pub fn clear(&self) {
        let mut board = self.lock();
        board.plays = Vec::new();
        self.count(&board);
    }

    /// How many plays are not over.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    fn count(&self, board: &Board) {
        let waiting = board.plays.iter().filter(|running| !running.is_over()).count();
        self.waiting.store(waiting, Ordering::Release);
    }

    /// A thread that panicked held the lock over whole assignments only, so what it left is sound.
    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Running {
    fn is_over(&self) -> bool {
        !self.play.repeat && self.next >= self.play.steps.len()
    }

    /// One that repeats stands before its first step again as soon as its last one is given out.
    fn remaining(&self) -> usize {
        match self.play.steps.len() - self.next.min(self.play.steps.len()) {
            0 if self.play.repeat => self.play.steps.len(),
            left => left,
        }
    }

    fn acts(&self, occasion: Occasion<'_>, persona: Option<&str>) -> bool {
        let for_them = match self.play.persona.as_deref() {
            Some(wanted) => persona == Some(wanted),
            None => !occasion.is_for_one(),
        };
        for_them && !self.is_over() && self.play.target.includes(occasion)
    }

    fn precedence(&self) -> (bool, bool) {
        (self.play.persona.is_some(), self.play.target.written().is_some())
    }

    fn advance(&mut self) -> Option<Step> {
        if self.play.repeat && self.next >= self.play.steps.len() {
            self.next = 0;
        }
        let step = self.play.steps.get(self.next)?.clone();
        self.next += 1;
        Some(step)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;
    use crate::scenario::{Endpoint, Named, Target, read_steps};

    const LIST: Occasion<'_> = Occasion::Api { api: "shop", operation: "listBooks" };
    const OTHER: Occasion<'_> = Occasion::Api { api: "shop", operation: "getBook" };

    fn operation(name: &str) -> Target {
        let named = Named { api: "shop".into(), operation: name.into() };
        Target::Operation { written: name.into(), named: [named].into() }
    }

    fn play(steps: &str, persona: Option<&str>, target: Target, repeat: bool) -> Play {
        Play::new(read_steps([steps]).unwrap(), persona.map(Arc::from), target, repeat).unwrap()
    }

    fn next(plays: &Plays, occasion: Occasion<'_>, persona: Option<&str>) -> Option<String> {
        plays.take(occasion, persona).map(|taken| taken.step.to_string())
    }

    #[test]
    fn the_steps_come_in_order_and_then_the_truth() {
        let plays = Plays::default();
        plays.add(play("ok, token.expired, status:503", None, Target::Apis, false)).unwrap();
        let seen: Vec<_> = std::iter::repeat_with(|| next(&plays, LIST, None)).take(5).collect();
        let expected = [Some("ok"), Some("token.expired"), Some("status:503"), None, None];
        assert_eq!(seen, expected.map(|step| step.map(str::to_owned)));
        assert_eq!(plays.list()[0].remaining, 0);
    }

    #[test]
    fn a_play_that_repeats_starts_again() {
        let plays = Plays::default();
        plays.add(play("ok, status:503", None, Target::Apis, true)).unwrap();
        let failed = (0..100).filter(|_| next(&plays, LIST, None).as_deref() == Some("status:503")).count();
        assert_eq!(failed, 50);
        assert_eq!(plays.list()[0].remaining, 2, "it stands before its first step again");
    }

    #[test]
    fn persona_and_operation_come_before_persona_before_operation_before_sandbox() {
        let plays = Plays::default();
        let alice = Some("alice");
        plays.add(play("status:501", alice, operation("listBooks"), true)).unwrap();
        plays.add(play("status:502", alice, Target::Apis, true)).unwrap();
        plays.add(play("status:503", None, operation("listBooks"), true)).unwrap();
        plays.add(play("status:504", None, Target::Apis, true)).unwrap();
        assert_eq!(next(&plays, LIST, alice).as_deref(), Some("status:501"));
        assert_eq!(next(&plays, OTHER, alice).as_deref(), Some("status:502"));
        assert_eq!(next(&plays, LIST, Some("guest")).as_deref(), Some("status:503"));
        assert_eq!(next(&plays, LIST, None).as_deref(), Some("status:503"));
        assert_eq!(next(&plays, OTHER, None).as_deref(), Some("status:504"));
    }

    #[test]
    fn of_two_plays_the_newer_acts_and_the_older_waits() {
        let plays = Plays::default();
        plays.add(play("status:501, status:502", None, Target::Apis, false)).unwrap();
        assert_eq!(next(&plays, LIST, None).as_deref(), Some("status:501"));
        plays.add(play("status:503", None, Target::Apis, false)).unwrap();
        assert_eq!(next(&plays, LIST, None).as_deref(), Some("status:503"));
        assert_eq!(next(&plays, LIST, None).as_deref(), Some("status:502"));
        assert_eq!(next(&plays, LIST, None), None);
    }

    #[test]
    fn preflights_control_calls_and_unmatched_requests_take_no_step() {
        let plays = Plays::default();
        plays.add(play("status:503", None, Target::Apis, false)).unwrap();
        for occasion in [Occasion::Preflight, Occasion::Control, Occasion::Unmatched] {
            assert_eq!(next(&plays, occasion, None), None, "{occasion:?}");
        }
        assert_eq!(plays.list()[0].remaining, 1);
    }

    #[test]
    fn the_authorization_server_takes_steps_of_its_own_plays_alone() {
        let plays = Plays::default();
        plays.add(play("status:503", None, Target::Apis, true)).unwrap();
        assert_eq!(next(&plays, Occasion::Endpoint(Endpoint::Token), None), None);
        plays.add(play("oauth:invalid_grant", None, Target::Endpoint(Endpoint::Token), true)).unwrap();
        assert_eq!(next(&plays, Occasion::Endpoint(Endpoint::Jwks), None), None);
        let taken = next(&plays, Occasion::Endpoint(Endpoint::Token), None);
        assert_eq!(taken.as_deref(), Some("oauth:invalid_grant"));
    }

    #[test]
    fn who_asks_matters_only_where_a_play_for_one_persona_waits() {
        let plays = Plays::default();
        let token = Occasion::Endpoint(Endpoint::Token);
        plays.add(play("oauth:slow_down", None, Target::Endpoint(Endpoint::Token), true)).unwrap();
        assert!(!plays.asks_who(token));
        let steps = "oauth:invalid_grant";
        plays.add(play(steps, Some("alice"), Target::Endpoint(Endpoint::Token), false)).unwrap();
        assert!(plays.asks_who(token) && !plays.asks_who(Occasion::Endpoint(Endpoint::Authorize)));
        assert_eq!(next(&plays, token, Some("guest")).as_deref(), Some("oauth:slow_down"));
        assert_eq!(next(&plays, token, Some("alice")).as_deref(), Some(steps));
        assert!(!plays.asks_who(token));
    }

    #[test]
    fn on_a_form_a_play_for_that_persona_acts_and_none_for_all() {
        let plays = Plays::default();
        let form = Occasion::Form(Endpoint::Authorize);
        plays.add(play("oauth:server_error", None, Target::Endpoint(Endpoint::Authorize), false)).unwrap();
        assert_eq!((plays.asks_who(form), next(&plays, form, Some("alice"))), (false, None));
        plays
            .add(play("oauth:access_denied", Some("alice"), Target::Endpoint(Endpoint::Authorize), false))
            .unwrap();
        plays
            .add(play("oauth:access_denied", Some("alice"), Target::Endpoint(Endpoint::Token), false))
            .unwrap();
        assert!(plays.asks_who(form));
        assert_eq!(next(&plays, form, Some("guest")), None);
        assert_eq!(next(&plays, form, None), None);
        assert_eq!(next(&plays, form, Some("alice")).as_deref(), Some("oauth:access_denied"));
        assert_eq!(next(&plays, form, Some("alice")), None);
        assert_eq!(plays.waiting(), 2);
    }

    #[test]
    fn a_play_that_was_taken_off_acts_no_more() {
        let plays = Plays::default();
        let id = plays.add(play("status:503", None, Target::Apis, true)).unwrap();
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(plays.remove(id));
        assert!(!plays.remove(id));
        assert_eq!(next(&plays, LIST, None), None);
        plays.add(play("status:503", None, Target::Apis, true)).unwrap();
        plays.clear();
        assert_eq!((next(&plays, LIST, None), plays.waiting()), (None, 0));
    }

    #[test]
    fn plays_that_are_over_make_room_for_new_ones() {
        let plays = Plays::default();
        for _ in 0..MOST_PLAYS {
            plays.add(play("ok", None, Target::Apis, false)).unwrap();
        }
        let one_more = || plays.add(play("ok", None, Target::Apis, false));
        assert_eq!(one_more(), Err(PlayError::TooMany));
        next(&plays, LIST, None);
        assert!(one_more().is_ok());
    }

    #[test]
    fn a_thousand_threads_over_five_hundred_steps_see_exactly_five_hundred() {
        let plays = Plays::default();
        let steps = vec![read_steps(["status:503"]).unwrap()[0].clone(); 500];
        plays.add(Play::new(steps, None, Target::Apis, false).unwrap()).unwrap();
        let start = Barrier::new(1000);
        let failed: usize = std::thread::scope(|scope| {
            let ask = || {
                start.wait();
                usize::from(plays.take(LIST, None).is_some())
            };
            let threads: Vec<_> = (0..1000).map(|_| scope.spawn(ask)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(failed, 500);
        assert_eq!((plays.waiting(), plays.list()[0].remaining), (0, 0));
    }
}
