//! The system's clock and randomness: the one place where the house meets them.

use std::time::{SystemTime, UNIX_EPOCH};

use model::{Clock, Entropy, Timestamp};
use rand::{TryRng, rngs::SysRng};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is handed")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator. Asked directly: aws-lc's own, which signs, is slow to begin,
/// and nothing before the first token needs it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness nothing secure can go on; the generator fails only where the system has none.
        if SysRng.try_fill_bytes(bytes).is_err() {
            std::process::abort();
        }
    }
}
