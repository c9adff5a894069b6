//! Whether two lots of times come from the same source: the rank test of Mann and Whitney, which asks nothing of how
//! they are distributed, and which a few slow ones of a busy machine do not sway.

/// How far apart is no chance any more: two samples of one source come out further apart once in a million times.
pub(super) const SUSPICIOUS: f64 = 4.9;

/// How many standard deviations the ranks of `one` among both lie above what they would be by chance.
#[expect(clippy::cast_precision_loss, reason = "a few thousand are exact")]
pub(super) fn apart(one: &[u64], other: &[u64]) -> f64 {
    let mut all: Vec<(u64, bool)> =
        one.iter().map(|time| (*time, true)).chain(other.iter().map(|time| (*time, false))).collect();
    all.sort_unstable();
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|one, other| one.0 == other.0) {
        let count = equal.len() as f64;
        // Equal ones share the ranks that they have between them.
        let rank = before + f64::midpoint(count, 1.0);
        ranks += rank * equal.iter().filter(|(_, is_one)| *is_one).count() as f64;
        ties += count.powi(3) - count;
        before += count;
    }
    let (n, m, total) = (one.len() as f64, other.len() as f64, all.len() as f64);
    let wins = ranks - n * (n + 1.0) / 2.0;
    let spread = (n * m / 12.0 * (total + 1.0 - ties / (total * (total - 1.0)))).sqrt();
    (wins - n * m / 2.0) / spread
}

/// Chance that is the same in every run: a linear congruential generator (Knuth's constants), of whose numbers the
/// upper half is used.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 32
    }
}

/// Times as a server has them: a few hundred microseconds, some twice, a few a hundred times as long.
fn times(chance: &mut Chance, later: u64) -> Vec<u64> {
    let time = |chance: &mut Chance| {
        let usual = 400 + chance.roll() % 100 + chance.roll() % 100;
        later
            + match chance.roll() % 100 {
                0..2 => usual * (1 + chance.roll() % 100),
                2..20 => usual * 2,
                _ => usual,
            }
    };
    (0..2_000).map(|_| time(chance)).collect()
}

#[test]
fn samples_of_one_source_are_not_told_apart() {
    let mut chance = Chance(7);
    let furthest = (0..400).map(|_| apart(&times(&mut chance, 0), &times(&mut chance, 0)).abs());
    let furthest = furthest.fold(0.0, f64::max);
    // The furthest of 400 is around three.
    assert!((2.0..SUSPICIOUS).contains(&furthest), "{furthest}");
}

#[test]
fn a_twentieth_more_is_told_apart_and_which_of_them_it_is() {
    let mut chance = Chance(11);
    for _ in 0..50 {
        let (soon, late) = (times(&mut chance, 0), times(&mut chance, 25));
        assert!(apart(&late, &soon) > SUSPICIOUS && apart(&soon, &late) < -SUSPICIOUS);
    }
}

#[test]
fn equal_times_share_their_ranks() {
    let close = |one: &[u64], other: &[u64], expected: f64| {
        let found = apart(one, other);
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    };
    close(&[1, 2, 3], &[1, 2, 3], 0.0);
    // U = 9 of 9; the mean is 4.5, the variance 9 · 7 / 12.
    close(&[4, 5, 6], &[1, 2, 3], 4.5 / f64::sqrt(5.25));
    // U = 7.5 with one tie of two: the variance is 9 / 12 · (7 − 6 / 30).
    close(&[2, 5, 6], &[1, 2, 3], (7.5 - 4.5) / f64::sqrt(9.0 / 12.0 * (7.0 - 6.0 / 30.0)));
}
