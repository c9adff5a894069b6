use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

/// The upper bounds of the buckets, in microseconds: a mock answers in the first, a slow backend in the last.
const BOUNDS: [u64; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000,
    5_000_000, 10_000_000,
];

/// How long things took, by powers of about two.
#[derive(Debug, Default)]
pub(crate) struct Histogram {
    buckets: [AtomicU64; BOUNDS.len()],
    /// Longer than the last bound.
    beyond: AtomicU64,
    micros: AtomicU64,
}

/// What a histogram holds at one moment.
pub(crate) struct Shape {
    /// Each bound in seconds, and how many took at most so long.
    pub(crate) cumulative: Vec<(f64, u64)>,
    pub(crate) count: u64,
    /// In seconds.
    pub(crate) sum: f64,
}

impl Histogram {
    pub(crate) fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let place = BOUNDS.partition_point(|bound| *bound < micros);
        self.buckets.get(place).unwrap_or(&self.beyond).fetch_add(1, Relaxed);
        self.micros.fetch_add(micros, Relaxed);
    }

    pub(crate) fn shape(&self) -> Shape {
        let mut count = 0;
        let cumulative = BOUNDS.iter().zip(&self.buckets).map(|(bound, bucket)| {
            count += bucket.load(Relaxed);
            (Duration::from_micros(*bound).as_secs_f64(), count)
        });
        let cumulative = cumulative.collect();
        let count = count + self.beyond.load(Relaxed);
        let sum = Duration::from_micros(self.micros.load(Relaxed)).as_secs_f64();
        Shape { cumulative, count, sum }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_own_bucket_and_what_is_beyond_the_last_is_counted() {
        let histogram = Histogram::default();
        for micros in [500, 501, 10_000_000, 10_000_001] {
            histogram.observe(Duration::from_micros(micros));
        }
        let shape = histogram.shape();
        let counts: Vec<u64> = shape.cumulative.iter().map(|(_, count)| *count).collect();
        assert_eq!((counts[0], counts[1], counts[13], shape.count), (1, 2, 3, 4));
        assert!((shape.sum - 20.001_002).abs() < 1e-9, "{}", shape.sum);
    }
}
