use std::{sync::Arc, time::Duration};

use guard::Code;

use super::{Failing, Fault, Passing, Step, Turn};

/// What happens to one request: its course, and what befalls its answer on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directed<A, D> {
    /// What is answered.
    pub course: Course<A, D>,
    /// How long the answer is held back, in real time.
    pub delay: Option<Duration>,
    /// How the answer breaks.
    pub fault: Option<Fault>,
}

/// What is answered, of an admission `A` or a denial `D` and what a step makes of it. [`direct`] knows
/// nothing of `A` and `D`, so an [`Course::Answer`] holds the admission that the guard gave, or there is
/// none: a scenario cannot turn a denial into an allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course<A, D> {
    /// The operation's own answer, to a request that truly was allowed.
    Answer {
        /// The guard's admission.
        admission: A,
        /// Which documented status; `None`: the usual one.
        status: Option<Passing>,
        /// Which documented example.
        example: Option<Arc<str>>,
    },
    /// The true denial.
    Denied(D),
    /// A denial in place of the verdict.
    Staged {
        /// Which.
        code: Code,
        /// What the verdict truly was.
        truth: Result<A, D>,
    },
    /// A status in place of the answer, or of the denial.
    Failed {
        /// Which.
        status: Failing,
        /// Which documented example of it; none after a denial.
        example: Option<Arc<str>>,
        /// What the verdict truly was.
        truth: Result<A, D>,
    },
}

/// Combines the true verdict with the step that the request was given, if any.
pub fn direct<A, D>(truth: Result<A, D>, step: Option<&Step>) -> Directed<A, D> {
    let truth_alone = Step::ok();
    let step = step.unwrap_or(&truth_alone);
    let course = match (&step.turn, truth) {
        (Turn::Truth | Turn::OAuth(_), Ok(admission)) => {
            Course::Answer { admission, status: None, example: None }
        }
        (Turn::Pick { status, example }, Ok(admission)) => {
            Course::Answer { admission, status: *status, example: example.clone() }
        }
        (Turn::Truth | Turn::Pick { .. } | Turn::OAuth(_), Err(denial)) => Course::Denied(denial),
        (Turn::Deny(code), truth) => Course::Staged { code: *code, truth },
        (Turn::Fail { status, example }, truth) => {
            let example = example.clone().filter(|_| truth.is_ok());
            Course::Failed { status: *status, example, truth }
        }
    };
    Directed { course, delay: step.delay, fault: step.fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Verdict = Result<&'static str, &'static str>;
    const ALLOW: Verdict = Ok("alice");
    const DENY: Verdict = Err("credential.missing");

    fn course(truth: Verdict, step: &str) -> Course<&'static str, &'static str> {
        direct(truth, Some(&step.parse().unwrap())).course
    }

    #[test]
    fn without_a_step_the_verdict_is_the_true_one() {
        let plain = Course::Answer { admission: "alice", status: None, example: None };
        assert_eq!(direct(ALLOW, None).course, plain);
        assert_eq!(course(ALLOW, "ok"), plain);
        assert_eq!(direct(DENY, None).course, Course::Denied("credential.missing"));
        assert_eq!(course(DENY, "ok"), Course::Denied("credential.missing"));
    }

    #[test]
    fn a_code_replaces_any_verdict_also_when_nothing_was_presented() {
        let code = Code::parse("token.expired").unwrap();
        assert_eq!(course(ALLOW, "token.expired"), Course::Staged { code, truth: ALLOW });
        assert_eq!(course(DENY, "token.expired"), Course::Staged { code, truth: DENY });
    }

    #[test]
    fn nothing_turns_a_denial_into_an_allow() {
        let codes = Code::denials().map(|code| code.as_str().to_owned());
        let others =
            ["ok", "status:200", "status:302", "status:400", "status:503", "example:full", "delay:2s"];
        let more = ["status:200+example:full", "fault:drip", "fault:reset", "status:404+example:x"];
        for text in codes.chain(others.into_iter().chain(more).map(str::to_owned)) {
            let course = course(DENY, &text);
            assert!(!matches!(course, Course::Answer { .. }), "{text}: {course:?}");
        }
    }

    #[test]
    fn a_status_from_400_on_acts_on_any_verdict_and_one_below_only_after_an_allow() {
        let status = Failing::new(503).unwrap();
        assert_eq!(course(DENY, "status:503"), Course::Failed { status, example: None, truth: DENY });
        assert_eq!(course(ALLOW, "status:503"), Course::Failed { status, example: None, truth: ALLOW });
        assert_eq!(course(DENY, "status:204"), Course::Denied("credential.missing"));
        let no_content = Course::Answer { admission: "alice", status: Passing::new(204), example: None };
        assert_eq!(course(ALLOW, "status:204"), no_content);
    }

    #[test]
    fn an_example_acts_only_after_an_allow() {
        let empty: Option<Arc<str>> = Some("empty".into());
        let picked = Course::Answer { admission: "alice", status: None, example: empty.clone() };
        assert_eq!(course(ALLOW, "example:empty"), picked);
        assert_eq!(course(DENY, "example:empty"), Course::Denied("credential.missing"));
        let status = Failing::new(404).unwrap();
        let text = "status:404+example:empty";
        assert_eq!(course(ALLOW, text), Course::Failed { status, example: empty, truth: ALLOW });
        assert_eq!(course(DENY, text), Course::Failed { status, example: None, truth: DENY });
    }

    #[test]
    fn delay_and_fault_act_on_any_verdict() {
        let step: Step = "delay:2s+fault:drip".parse().unwrap();
        for truth in [ALLOW, DENY] {
            let directed = direct(truth, Some(&step));
            assert_eq!((directed.delay, directed.fault), (Some(Duration::from_secs(2)), Some(Fault::Drip)));
        }
    }
}
