//! Following files: folders are watched, so that an editor's rename is seen, and a slow poll runs beside, so
//! that a container's mount is too.

mod digest;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

pub(crate) use self::digest::{Digest, Files, Noting};

/// How often files are looked at beside the watching.
const POLL: Duration = Duration::from_secs(1);
/// How long changes are gathered: an editor's save is several.
const SETTLE: Duration = Duration::from_millis(15);

/// Follows a set of files.
pub(crate) struct Follower {
    files: Files,
    folders: BTreeSet<PathBuf>,
    stamps: BTreeMap<PathBuf, Option<Stamp>>,
    changed: Arc<Notify>,
    names: Arc<std::sync::Mutex<BTreeSet<PathBuf>>>,
    watcher: Option<RecommendedWatcher>,
}

/// What of a file most often changes when its content does: cause to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Stamp { modified: metadata.modified().ok(), length: metadata.len(), inode })
}

impl Follower {
    /// Follows nothing yet. Where the system cannot watch, the poll alone is left.
    pub(crate) fn new() -> Self {
        let changed = Arc::new(Notify::new());
        let names = Arc::new(std::sync::Mutex::new(BTreeSet::new()));
        let (signal, followed) = (changed.clone(), names.clone());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let concerns = |event: notify::Event| {
                // Reading a file is an event as well, and would be its own cause.
                let reads = matches!(event.kind, notify::EventKind::Access(_));
                let names = followed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                !reads && (event.paths.is_empty() || event.paths.iter().any(|path| names.contains(path)))
            };
            if event.is_ok_and(concerns) {
                signal.notify_one();
            }
        });
        Self {
            files: Files::new(),
            folders: BTreeSet::new(),
            stamps: BTreeMap::new(),
            changed,
            names,
            watcher: watcher.ok(),
        }
    }

    /// Follows these, whether they exist or not; one that holds something else than when it was read counts as
    /// changed now.
    pub(crate) fn follow(&mut self, files: Files) {
        let files: Files = files.into_iter().map(|(file, held)| (absolute(file), held)).collect();
        let folders: BTreeSet<PathBuf> =
            files.keys().filter_map(|file| file.parent()).map(Path::to_owned).collect();
        if let Some(watcher) = &mut self.watcher {
            for gone in self.folders.difference(&folders) {
                let _ = watcher.unwatch(gone);
            }
            for new in folders.difference(&self.folders) {
                // A folder that cannot be watched is still polled.
                let _ = watcher.watch(new, RecursiveMode::NonRecursive);
            }
        }
        *self.names.lock().unwrap_or_else(std::sync::PoisonError::into_inner) =
            files.keys().cloned().collect();
        self.stamps = stamps(&files);
        self.files = files;
        self.folders = folders;
        // What changed between the reading and the watching is seen by looking once.
        self.changed.notify_one();
    }

    /// Follows the same files and those of a broken reading: what is broken in them was told once.
    pub(crate) fn again(&mut self, read: Files) {
        let now = |file: &PathBuf| (file.clone(), Digest::of_file(file));
        let mut files: Files = self.files.keys().map(now).collect();
        files.extend(read.into_iter().map(|(file, held)| (absolute(file), held)));
        self.follow(files);
    }

    /// Waits until one of them holds something else.
    pub(crate) async fn changed(&mut self) {
        let mut poll = tokio::time::interval_at(tokio::time::Instant::now() + POLL, POLL);
        poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.changed.notified() => tokio::time::sleep(SETTLE).await,
                _ = poll.tick() => {
                    if self.stamps == stamps(&self.files) {
                        continue;
                    }
                }
            }
            // Before the reading: what changes meanwhile is looked at again.
            let stamps = stamps(&self.files);
            if self.differs().await {
                return;
            }
            self.stamps = stamps;
        }
    }

    async fn differs(&self) -> bool {
        let files = self.files.clone();
        let differ = move || files.iter().any(|(file, held)| Digest::of_file(file) != *held);
        tokio::task::spawn_blocking(differ).await.unwrap_or(true)
    }
}

fn absolute(file: PathBuf) -> PathBuf {
    std::path::absolute(&file).unwrap_or(file)
}

fn stamps(files: &Files) -> BTreeMap<PathBuf, Option<Stamp>> {
    files.keys().map(|file| (file.clone(), stamp(file))).collect()
}
