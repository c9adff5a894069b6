use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
};

use tokio::sync::oneshot;

use super::memory::Memory;

type Job = Box<dyn FnOnce(&mut Memory) + Send>;

/// Threads that hash, and nothing else does. They are few and stay, each with the memory
/// that it hashes in: tokio's several hundred would each be given some, and an allocator keeps it for them.
pub(super) struct Workers {
    jobs: Sender<Job>,
}

impl Workers {
    /// Starts so many; they end with it.
    pub(super) fn new(count: u32) -> Self {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..count {
            let waiting = waiting.clone();
            // One that cannot be started is missed: the others do its work.
            let _ = thread::Builder::new().name("passwords".to_owned()).spawn(move || work(&waiting));
        }
        Self { jobs }
    }

    /// Runs `job` on the next that is free. `None` where it panicked, or none could be started.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Memory) -> T + Send + 'static,
    ) -> Option<T> {
        let (tell, told) = oneshot::channel();
        let job = move |memory: &mut Memory| {
            let _ = tell.send(job(memory));
        };
        self.jobs.send(Box::new(job)).ok()?;
        told.await.ok()
    }
}

fn work(waiting: &Mutex<Receiver<Job>>) {
    let mut memory = Memory::default();
    loop {
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        // A job that panics drops its end of the channel, by which it is told; the thread goes on.
        let _ = catch_unwind(AssertUnwindSafe(|| job(&mut memory)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_takes_no_worker_with_it() {
        let workers = Workers::new(1);
        assert_eq!(workers.run(|_| panic!("on purpose")).await, None::<()>);
        assert_eq!(workers.run(|_| 7).await, Some(7));
    }

    #[tokio::test]
    async fn without_a_worker_there_is_no_answer() {
        assert_eq!(Workers::new(0).run(|_| 7).await, None);
    }
}
