use std::{sync::Arc, time::Duration};

use model::{Problem, Severity};
use serde_json::json;

use super::Signal;
use crate::{
    follow::{Files, Follower},
    gather::{Gathering, Sources},
    house::House,
    report::Reporter,
    systemd::Notifier,
    wire::{self, Overrides, Wiring},
};

/// A generation that cannot be served.
pub(crate) struct Broken {
    pub(crate) problems: Vec<Problem>,
    /// What was read of it.
    files: Files,
}

/// Reads and wires one generation, on a thread that may block.
pub(crate) async fn generation(
    sources: &Sources,
    overrides: Overrides,
    number: u64,
) -> Result<(Gathering, Wiring), Broken> {
    let reading = sources.clone();
    let gathered = tokio::task::spawn_blocking(move || reading.gather()).await;
    let mut gathering = gathered.map_err(|_| {
        let message = "the documents could not be read".to_owned();
        let problems = vec![wire::problem(Severity::Error, "fault", message, None)];
        Broken { problems, files: Files::new() }
    })?;
    if gathering.problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Broken { problems: gathering.problems, files: gathering.files });
    }
    let brought = crate::bring::bring(&gathering).await;
    match wire::wire(&gathering, overrides, &brought, number) {
        Ok(wiring) => {
            gathering.problems.extend(wiring.warnings.iter().cloned());
            Ok((gathering, wiring))
        }
        Err(problems) => {
            let problems = problems.into_iter().chain(gathering.problems).collect();
            Err(Broken { problems, files: gathering.files })
        }
    }
}

/// How often other issuers' keys are asked for anew.
const KEYS_EVERY: Duration = Duration::from_secs(300);

/// Renews what a command has of a generation beside the house, before that is served; else says why it cannot be.
pub(crate) type Renew = Box<dyn Fn(&Gathering, &Wiring) -> Result<(), Problem> + Send + Sync>;

/// Serves each new state of the files; a broken one is reported, and the old one goes on.
pub(crate) struct Reload {
    pub(crate) sources: Sources,
    pub(crate) overrides: Overrides,
    pub(crate) house: Arc<House>,
    pub(crate) renew: Renew,
    pub(crate) reporter: Reporter,
    pub(crate) asking: gateway::Asking,
    pub(crate) follower: Follower,
    pub(crate) hangup: Signal,
    pub(crate) notifier: Notifier,
}

impl Reload {
    /// For as long as it is not dropped.
    pub(crate) async fn run(mut self) {
        let mut number = 1;
        let mut refresh = tokio::time::interval_at(tokio::time::Instant::now() + KEYS_EVERY, KEYS_EVERY);
        loop {
            tokio::select! {
                () = self.follower.changed() => {}
                () = self.hangup.next() => {}
                _ = refresh.tick(), if self.house.believes_others() => {}
            }
            self.notifier.reloading();
            let next = generation(&self.sources, self.overrides, number + 1).await;
            match next.and_then(|next| self.renewed(next)) {
                Ok((gathering, wiring)) => {
                    number += 1;
                    self.serve(gathering, wiring, number);
                }
                Err(broken) => {
                    self.reporter.problems(&broken.problems);
                    let message = "the files are broken; what was served before goes on";
                    self.reporter.told(Severity::Error, "reload_failed", message, json!({}));
                    self.follower.again(broken.files);
                }
            }
            self.notifier.ready();
        }
    }

    fn renewed(&self, (gathering, wiring): (Gathering, Wiring)) -> Result<(Gathering, Wiring), Broken> {
        match (self.renew)(&gathering, &wiring) {
            Ok(()) => Ok((gathering, wiring)),
            Err(problem) => Err(Broken { problems: vec![problem], files: gathering.files }),
        }
    }

    fn serve(&mut self, gathering: Gathering, wiring: Wiring, number: u64) {
        self.reporter.problems(&gathering.problems);
        let message = format!("serving generation {number}");
        self.reporter.told(Severity::Note, "reloaded", &message, json!({ "generation": number }));
        self.follower.follow(gathering.files);
        self.house.replace(wiring);
        self.asking.set(self.house.wants_certificates());
    }
}
