use crate::Timestamp;

/// Where the time comes from. The shell asks once per request, so a request lives at one instant; the
/// system's clock is wired in by the roof, a movable one by tests.
pub trait Clock: Send + Sync {
    /// The instant that it is.
    fn now(&self) -> Timestamp;
}

/// A clock that stands: an instant is the simplest clock there is.
impl Clock for Timestamp {
    fn now(&self) -> Timestamp {
        *self
    }
}
