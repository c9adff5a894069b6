use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use mock::journal::Wake;
use tokio::sync::{Notify, futures::Notified};

/// How many calls wait for the journal at once; one more is answered with what is there.
const MOST_WAITING: usize = 1_000;

/// Rings for those who wait for the journal, whenever something is written. Hand it to the journal.
#[derive(Debug, Default)]
pub struct Bell {
    notify: Notify,
    waiting: AtomicUsize,
    closed: AtomicBool,
}

impl Wake for Bell {
    fn wake(&self) {
        // Asked by every request: without anybody waiting, that is all it costs.
        if self.waiting.load(Ordering::SeqCst) > 0 {
            self.notify.notify_waiters();
        }
    }
}

impl Bell {
    /// Lets all who wait go, with what is there: the server stops.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// A place among those who wait, if there is one.
    pub(crate) fn wait(self: &Arc<Self>) -> Option<Waiting> {
        let taken = self.waiting.fetch_add(1, Ordering::SeqCst);
        let waiting = Waiting(self.clone());
        (taken < MOST_WAITING && !self.closed.load(Ordering::SeqCst)).then_some(waiting)
    }
}

/// A place among those who wait, given back when dropped.
pub(crate) struct Waiting(Arc<Bell>);

impl Waiting {
    /// Completes when the bell rings after this call.
    pub(crate) fn rung(&self) -> Notified<'_> {
        self.0.notify.notified()
    }

    /// Whether the server stops.
    pub(crate) fn is_over(&self) -> bool {
        self.0.closed.load(Ordering::SeqCst)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_wait_and_no_more_until_one_has_gone() {
        let bell = Arc::new(Bell::default());
        let mut waiting: Vec<_> = (0..MOST_WAITING).map(|_| bell.wait().unwrap()).collect();
        assert!(bell.wait().is_none());
        waiting.pop();
        assert!(bell.wait().is_some());
        bell.close();
        waiting.clear();
        assert!(bell.wait().is_none());
    }
}
