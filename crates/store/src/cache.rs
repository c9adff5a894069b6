use std::{
    borrow::Borrow,
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

/// For how many records what was read is kept; one more, and all are read anew.
const MOST: usize = 100_000;

/// What was read of one kind of record, by its id, so that the path of a request need not ask the database;
/// also that there is none.
pub(crate) struct Cache<K, T> {
    /// None: nothing is kept.
    kept: RwLock<Option<HashMap<K, Option<Arc<T>>>>>,
    changes: AtomicU64,
}

/// What is known of a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Known<T> {
    /// Nothing: it must be read.
    Nothing,
    /// There is none.
    Absent,
    /// This is it.
    Record(Arc<T>),
}

/// How many changes there had been when a reading began.
#[derive(Clone, Copy)]
pub(crate) struct Before(u64);

impl<K, T> Default for Cache<K, T> {
    fn default() -> Self {
        Self { kept: RwLock::new(Some(HashMap::new())), changes: AtomicU64::new(0) }
    }
}

impl<K: Hash + Eq, T> Cache<K, T> {
    /// What is known of a record.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, id: &Q) -> Known<T>
    where
        K: Borrow<Q>,
    {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref().and_then(|kept| kept.get(id)) {
            None => Known::Nothing,
            Some(None) => Known::Absent,
            Some(Some(record)) => Known::Record(record.clone()),
        }
    }

    /// To be asked before a record is read that is to be kept.
    pub(crate) fn before(&self) -> Before {
        Before(self.changes.load(SeqCst))
    }

    /// Keeps what was read, unless something was changed since the reading began: it may be out of date.
    pub(crate) fn keep(&self, id: K, read: Option<Arc<T>>, before: Before) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if self.changes.load(SeqCst) != before.0 {
            return;
        }
        let Some(kept) = &mut *kept else { return };
        if kept.len() >= MOST {
            *kept = HashMap::new();
        }
        kept.insert(id, read);
    }

    /// A record was changed, and the change is committed: it must be read anew.
    pub(crate) fn forget<Q: Hash + Eq + ?Sized>(&self, id: &Q)
    where
        K: Borrow<Q>,
    {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, SeqCst);
        kept.as_mut().map(|kept| kept.remove(id));
    }

    /// Anything may have changed.
    pub(crate) fn clear(&self) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, SeqCst);
        *kept = kept.is_some().then(HashMap::new);
    }

    /// Begins anew, and keeps what is read from here on, or nothing: where changes would not be heard of.
    pub(crate) fn restart(&self, keeps: bool) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, SeqCst);
        *kept = keeps.then(HashMap::new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let cache: Cache<&str, i32> = Cache::default();
        let before = cache.before();
        cache.keep("a", Some(Arc::new(1)), before);
        assert_eq!(cache.get("a"), Known::Record(Arc::new(1)));
        let before = cache.before();
        cache.forget("a");
        cache.keep("a", Some(Arc::new(1)), before);
        assert_eq!(cache.get("a"), Known::Nothing);
        cache.keep("a", None, cache.before());
        assert_eq!(cache.get("a"), Known::Absent);
    }

    #[test]
    fn what_was_read_while_nothing_is_kept_is_not_kept_when_it_is_again() {
        let cache: Cache<&str, i32> = Cache::default();
        cache.restart(false);
        let before = cache.before();
        cache.keep("a", None, before);
        cache.clear();
        cache.keep("a", None, cache.before());
        assert_eq!(cache.get("a"), Known::Nothing);
        cache.restart(true);
        cache.keep("a", None, before);
        assert_eq!(cache.get("a"), Known::Nothing);
        cache.keep("a", None, cache.before());
        assert_eq!(cache.get("a"), Known::Absent);
    }

    #[test]
    fn it_is_bounded() {
        let cache: Cache<String, ()> = Cache::default();
        for number in 0..=MOST {
            cache.keep(number.to_string(), Some(Arc::new(())), cache.before());
        }
        assert_eq!(cache.kept.read().unwrap().as_ref().unwrap().len(), 1);
    }
}
