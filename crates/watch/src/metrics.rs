//! Requests by API, operation and verdict, and how long they took. What can be a label is bounded: operations
//! are those of the documents, verdicts a closed list.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

use model::{Event, RequestEvent, SignInOutcome};

use crate::{
    exposition::{Reading, head, sample},
    histogram::Histogram,
};

/// How many operations are told apart, of all generations of the documents; what comes after is `other`.
const MOST: usize = 5_000;
const OTHER: &str = "other";

/// What was counted since the start.
#[derive(Debug)]
pub struct Metrics {
    operations: RwLock<Operations>,
    sign_ins: [(SignInOutcome, AtomicU64); SignInOutcome::ALL.len()],
    sprayings: AtomicU64,
    burnt: AtomicU64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            operations: RwLock::default(),
            sign_ins: SignInOutcome::ALL.map(|outcome| (outcome, AtomicU64::new(0))),
            sprayings: AtomicU64::new(0),
            burnt: AtomicU64::new(0),
        }
    }
}

#[derive(Debug, Default)]
struct Operations {
    /// By API, then by operation; the empty name stands for what no document has.
    of: BTreeMap<Arc<str>, BTreeMap<Arc<str>, Arc<Series>>>,
    count: usize,
}

/// One operation's numbers.
#[derive(Debug, Default)]
struct Series {
    /// By verdict: `allow`, or the denial's code.
    verdicts: RwLock<Vec<(&'static str, AtomicU64)>>,
    took: Histogram,
}

impl Metrics {
    /// Counts what happened. It takes well under a microsecond, and allocates for an operation's first time
    /// alone.
    pub fn observe(&self, event: &Event) {
        match event {
            Event::Request(request) => self.request(request),
            Event::SignIn(tried) => {
                if let Some((_, count)) = self.sign_ins.iter().find(|(of, _)| *of == tried.outcome) {
                    count.fetch_add(1, Relaxed);
                }
            }
            Event::Spraying { .. } => drop(self.sprayings.fetch_add(1, Relaxed)),
            Event::FamilyBurnt { .. } => drop(self.burnt.fetch_add(1, Relaxed)),
            Event::Decision(_) => {}
        }
    }

    fn request(&self, request: &RequestEvent) {
        let operation = request.operation.as_deref().unwrap_or_default();
        let known =
            self.operations.read().unwrap_or_else(PoisonError::into_inner).find(&request.api, operation);
        let series = known.unwrap_or_else(|| {
            let mut operations = self.operations.write().unwrap_or_else(PoisonError::into_inner);
            operations.make(&request.api, operation)
        });
        series.took.observe(request.took);
        series.count(request.verdict);
    }

    /// Everything in the text format of Prometheus (0.0.4), with `readings` behind it.
    pub fn render(&self, readings: &[Reading]) -> String {
        let mut text = String::new();
        let operations = self.operations.read().unwrap_or_else(PoisonError::into_inner);
        let each = || {
            operations.of.iter().flat_map(|(api, operations)| {
                operations.iter().map(|(operation, series)| (&**api, &**operation, &**series))
            })
        };
        let name = "lobby_requests_total";
        head(
            &mut text,
            name,
            "Requests, by what was decided: verdict is allow or deny, denial its code.",
            "counter",
        );
        for (api, operation, series) in each() {
            for (verdict, count) in &*series.verdicts.read().unwrap_or_else(PoisonError::into_inner) {
                let (verdict, denial) = if *verdict == "allow" { ("allow", "") } else { ("deny", *verdict) };
                let labels =
                    [("api", api), ("operation", operation), ("verdict", verdict), ("denial", denial)];
                sample(&mut text, name, &labels, count.load(Relaxed));
            }
        }
        let name = "lobby_request_duration_seconds";
        head(&mut text, name, "From a request's head to its answer.", "histogram");
        for (api, operation, series) in each() {
            histogram(&mut text, name, &[("api", api), ("operation", operation)], &series.took);
        }
        let name = "lobby_sign_ins_total";
        head(&mut text, name, "Names and passwords that were typed; locked_now began a lockout.", "counter");
        for (outcome, count) in &self.sign_ins {
            sample(&mut text, name, &[("outcome", outcome.as_str())], count.load(Relaxed));
        }
        let alone = [
            (
                "lobby_sprayings_total",
                "Alarms because many accounts were tried, few times each.",
                &self.sprayings,
            ),
            (
                "lobby_refresh_families_burnt_total",
                "Families of refresh tokens that were revoked because a used one came again.",
                &self.burnt,
            ),
        ];
        for (name, help, count) in alone {
            head(&mut text, name, help, "counter");
            sample(&mut text, name, &[], count.load(Relaxed));
        }
        for reading in readings {
            reading.write(&mut text);
        }
        text
    }
}

fn histogram(text: &mut String, name: &str, labels: &[(&str, &str); 2], histogram: &Histogram) {
    let shape = histogram.shape();
    let [api, operation] = *labels;
    let bucket = format!("{name}_bucket");
    for (bound, count) in &shape.cumulative {
        sample(text, &bucket, &[api, operation, ("le", &bound.to_string())], count);
    }
    sample(text, &bucket, &[api, operation, ("le", "+Inf")], shape.count);
    sample(text, &format!("{name}_sum"), labels, shape.sum);
    sample(text, &format!("{name}_count"), labels, shape.count);
}

impl Operations {
    fn find(&self, api: &str, operation: &str) -> Option<Arc<Series>> {
        self.of.get(api)?.get(operation).cloned()
    }

    fn make(&mut self, api: &str, operation: &str) -> Arc<Series> {
        // Another request may have made it meanwhile.
        if let Some(series) = self.find(api, operation) {
            return series;
        }
        let (api, operation) = if self.count < MOST { (api, operation) } else { (OTHER, OTHER) };
        if let Some(series) = self.find(api, operation) {
            return series;
        }
        self.count += 1;
        self.of.entry(api.into()).or_default().entry(operation.into()).or_default().clone()
    }
}

impl Series {
    fn count(&self, verdict: &'static str) {
        let known = self.verdicts.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, count)) = known.iter().find(|(of, _)| *of == verdict) {
            count.fetch_add(1, Relaxed);
            return;
        }
        drop(known);
        let mut known = self.verdicts.write().unwrap_or_else(PoisonError::into_inner);
        match known.iter().find(|(of, _)| *of == verdict) {
            Some((_, count)) => drop(count.fetch_add(1, Relaxed)),
            None => known.push((verdict, AtomicU64::new(1))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use model::{RequestId, SandboxName, Timestamp};

    use super::*;

    fn request(api: &str, operation: Option<&str>, verdict: &'static str) -> Event {
        Event::Request(RequestEvent {
            id: RequestId([0; 12]),
            at: Timestamp::from_seconds(0),
            real: Timestamp::from_seconds(0),
            peer: [192, 0, 2, 1].into(),
            method: "GET".into(),
            path: "/books".into(),
            sandbox: SandboxName::main(),
            api: api.into(),
            operation: operation.map(Into::into),
            subject: None,
            verdict,
            scenario: None,
            status: 200,
            took: Duration::from_micros(700),
        })
    }

    #[test]
    fn requests_are_counted_by_operation_verdict_and_denial() {
        let metrics = Metrics::default();
        for (operation, verdict) in [
            (Some("listBooks"), "allow"),
            (Some("listBooks"), "allow"),
            (Some("listBooks"), "token.expired"),
            (None, "operation.unknown"),
        ] {
            metrics.observe(&request("bookshop", operation, verdict));
        }
        let text = metrics.render(&[]);
        for line in [
            r#"lobby_requests_total{api="bookshop",operation="listBooks",verdict="allow",denial=""} 2"#,
            r#"lobby_requests_total{api="bookshop",operation="listBooks",verdict="deny",denial="token.expired"} 1"#,
            r#"lobby_requests_total{api="bookshop",operation="",verdict="deny",denial="operation.unknown"} 1"#,
            r#"lobby_request_duration_seconds_bucket{api="bookshop",operation="listBooks",le="0.0005"} 0"#,
            r#"lobby_request_duration_seconds_bucket{api="bookshop",operation="listBooks",le="0.001"} 3"#,
            r#"lobby_request_duration_seconds_count{api="bookshop",operation="listBooks"} 3"#,
            "# TYPE lobby_request_duration_seconds histogram",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn there_are_never_more_series_than_the_bound_allows() {
        let metrics = Metrics::default();
        for number in 0..MOST + 50 {
            metrics.observe(&request("bookshop", Some(&format!("operation{number}")), "allow"));
        }
        let text = metrics.render(&[]);
        let counted = text.lines().filter(|line| line.starts_with("lobby_requests_total{")).count();
        assert_eq!(counted, MOST + 1);
        assert!(text.contains(r#"{api="other",operation="other",verdict="allow",denial=""} 50"#));
    }

    #[test]
    fn counting_what_was_counted_before_allocates_nothing() {
        let metrics = Metrics::default();
        let event = request("bookshop", Some("listBooks"), "allow");
        metrics.observe(&event);
        let counted = allocation_counter::measure(|| metrics.observe(&event));
        assert_eq!(counted.count_total, 0);
    }
}
