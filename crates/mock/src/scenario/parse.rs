use std::{str::FromStr, sync::Arc, time::Duration};

use guard::Code;
use model::{nearest, parse_duration};

use super::{Failing, Fault, Keys, OAuthError, Passing, Step, StepError, Turn};

const LONGEST: usize = 300;
/// Longer than any client waits; a typo (`delay:2h`) must not hold connections for good.
const SLOWEST: Duration = Duration::from_secs(600);
const PARTS: [&str; 6] = ["status", "example", "delay", "fault", "oauth", "keys"];

impl FromStr for Step {
    type Err = StepError;

    fn from_str(text: &str) -> Result<Self, StepError> {
        if text.len() > LONGEST {
            return Err(StepError::TooLong);
        }
        let mut parts = Parts::default();
        for part in text.split('+') {
            parts.read(part.trim())?;
        }
        parts.join()
    }
}

impl Step {
    /// Reads the header `Lobby-Scenario`, which takes one step.
    pub fn from_header(value: &str) -> Result<Self, StepError> {
        if value.contains(',') { Err(StepError::Sequence) } else { value.parse() }
    }
}

/// Each kind of part with its text, once.
#[derive(Default)]
struct Parts {
    ok: Option<(String, ())>,
    code: Option<(String, Code)>,
    status: Option<(String, u16)>,
    example: Option<(String, Arc<str>)>,
    delay: Option<(String, Duration)>,
    fault: Option<(String, Fault)>,
    oauth: Option<(String, OAuthError)>,
    keys: Option<(String, Keys)>,
}

impl Parts {
    fn read(&mut self, part: &str) -> Result<(), StepError> {
        if part.is_empty() {
            return Err(StepError::Empty);
        }
        let written = || part.to_owned();
        let Some((word, value)) = part.split_once(':') else {
            return self.read_word(part);
        };
        let value = value.trim();
        match word.trim() {
            "status" => once(&mut self.status, written(), read_status(value)?),
            "example" => once(&mut self.example, written(), read_example(value)?),
            "delay" => once(&mut self.delay, written(), read_delay(value)?),
            "fault" => once(&mut self.fault, written(), read_fault(value)?),
            "oauth" => once(&mut self.oauth, written(), read_oauth(value)?),
            "keys" => once(&mut self.keys, written(), read_keys(value)?),
            _ => Err(StepError::Unknown {
                word: written(),
                nearest: nearest(word, PARTS).and_then(with_colon),
            }),
        }
    }

    fn read_word(&mut self, word: &str) -> Result<(), StepError> {
        if word == "ok" {
            return once(&mut self.ok, word.to_owned(), ());
        }
        match Code::parse(word).filter(|code| code.is_denial()) {
            Some(code) => once(&mut self.code, word.to_owned(), code),
            None => Err(StepError::Unknown { word: word.to_owned(), nearest: nearest_word(word) }),
        }
    }

    fn join(self) -> Result<Step, StepError> {
        let failing = self.status.as_ref().and_then(|(_, status)| Failing::new(*status));
        let passing = self.status.as_ref().and_then(|(_, status)| Passing::new(*status));
        self.refuse_clashes()?;
        let example = self.example.map(|(_, name)| name);
        let turn = match (self.code, self.oauth, failing, passing, example) {
            (Some((_, code)), ..) => Turn::Deny(code),
            (None, Some((_, error)), ..) => Turn::OAuth(error),
            (None, None, Some(status), _, example) => Turn::Fail { status, example },
            (None, None, None, None, None) => Turn::Truth,
            (None, None, None, status, example) => Turn::Pick { status, example },
        };
        Ok(Step {
            turn,
            delay: self.delay.map(|(_, delay)| delay),
            fault: self.fault.map(|(_, fault)| fault),
            keys: self.keys.map(|(_, keys)| keys),
        })
    }

    /// Two parts that each state the answer cannot both be; an example has an effect only after an allow,
    /// and so none beside a denial.
    fn refuse_clashes(&self) -> Result<(), StepError> {
        let ok = written(self.ok.as_ref());
        let code = written(self.code.as_ref());
        let status = written(self.status.as_ref());
        let example = written(self.example.as_ref());
        let oauth = written(self.oauth.as_ref());
        let keys = written(self.keys.as_ref());
        let clashes = [
            (ok, code),
            (ok, status),
            (ok, example),
            (ok, oauth),
            (code, status),
            (code, example),
            (code, oauth),
            (code, keys),
            (status, oauth),
            (example, oauth),
            (example, keys),
        ];
        for pair in clashes {
            if let (Some(first), Some(second)) = pair {
                return Err(StepError::Clash(first.to_owned(), second.to_owned()));
            }
        }
        Ok(())
    }
}

fn written<T>(part: Option<&(String, T)>) -> Option<&str> {
    part.map(|(text, _)| text.as_str())
}

fn once<T>(place: &mut Option<(String, T)>, written: String, value: T) -> Result<(), StepError> {
    if let Some((before, _)) = place {
        return Err(StepError::Clash(before.clone(), written));
    }
    *place = Some((written, value));
    Ok(())
}

fn read_status(value: &str) -> Result<u16, StepError> {
    let status = value.parse().ok().filter(|_| value.len() == 3 && value.bytes().all(|b| b.is_ascii_digit()));
    status.filter(|status| (200..600).contains(status)).ok_or_else(|| StepError::Value {
        part: "status",
        value: value.to_owned(),
        takes: "a number from 200 to 599",
        nearest: None,
    })
}

fn read_example(value: &str) -> Result<Arc<str>, StepError> {
    if value.is_empty() {
        return Err(StepError::Value {
            part: "example",
            value: String::new(),
            takes: "the name of an example in the document",
            nearest: None,
        });
    }
    Ok(value.into())
}

fn read_delay(value: &str) -> Result<Duration, StepError> {
    let delay = parse_duration(value).map_err(StepError::Delay)?;
    if delay > SLOWEST { Err(StepError::TooSlow) } else { Ok(delay) }
}

fn read_fault(value: &str) -> Result<Fault, StepError> {
    Fault::ALL.into_iter().find(|fault| fault.as_str() == value).ok_or_else(|| StepError::Value {
        part: "fault",
        value: value.to_owned(),
        takes: "`reset`, `truncate` or `drip`",
        nearest: nearest(value, Fault::ALL.map(Fault::as_str)),
    })
}

fn read_keys(value: &str) -> Result<Keys, StepError> {
    Keys::ALL.into_iter().find(|keys| keys.as_str() == value).ok_or_else(|| StepError::Value {
        part: "keys",
        value: value.to_owned(),
        takes: "`rotate` or `lose`",
        nearest: nearest(value, Keys::ALL.map(Keys::as_str)),
    })
}

fn read_oauth(value: &str) -> Result<OAuthError, StepError> {
    OAuthError::parse(value).ok_or_else(|| StepError::Value {
        part: "oauth",
        value: value.to_owned(),
        takes: "an error of OAuth, as `access_denied` or `invalid_grant`",
        nearest: nearest(value, OAuthError::ALL.map(OAuthError::as_str)),
    })
}

/// The word that was meant, of those that stand alone and those that take a value.
fn nearest_word(word: &str) -> Option<&'static str> {
    let codes = Code::denials().map(Code::as_str);
    let found = nearest(word, codes.chain(["ok"]).chain(PARTS))?;
    with_colon(found).or(Some(found))
}

fn with_colon(part: &str) -> Option<&'static str> {
    let forms =
        ["status:503", "example:empty", "delay:2s", "fault:reset", "oauth:access_denied", "keys:rotate"];
    forms.into_iter().find(|form| form.split(':').next() == Some(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        text.parse::<Step>().expect_err(text).to_string()
    }

    #[test]
    fn every_form_of_the_papers_is_read_and_written_back() {
        for text in [
            "ok",
            "token.expired",
            "status:503",
            "status:204",
            "example:empty",
            "delay:2s",
            "fault:reset",
            "fault:truncate",
            "fault:drip",
            "oauth:access_denied",
            "keys:rotate",
            "keys:lose",
            "token.expired+delay:2s+fault:drip",
            "status:503+example:down+delay:500ms",
            "oauth:invalid_grant+keys:rotate+delay:1m30s",
        ] {
            let step: Step = text.parse().unwrap();
            assert_eq!(step.to_string(), text);
            assert_eq!(step.to_string().parse::<Step>(), Ok(step));
        }
    }

    #[test]
    fn parts_may_stand_in_any_order_and_with_spaces() {
        let step: Step = " delay: 2s + status:503 ".parse().unwrap();
        assert_eq!(step.to_string(), "status:503+delay:2s");
        assert_eq!("ok+delay:2s".parse::<Step>().unwrap().to_string(), "delay:2s");
    }

    #[test]
    fn every_code_of_the_closed_list_is_a_step() {
        for code in Code::denials() {
            assert_eq!(code.as_str().parse::<Step>().unwrap().turn(), &Turn::Deny(code));
        }
    }

    #[test]
    fn a_typo_is_told_with_the_nearest_word() {
        assert_eq!(
            error("token.expird"),
            "`token.expird` is no step of a play; did you mean `token.expired`?"
        );
        assert_eq!(error("oke"), "`oke` is no step of a play; did you mean `ok`?");
        assert_eq!(error("statsu:503"), "`statsu:503` is no step of a play; did you mean `status:503`?");
        assert_eq!(error("delay"), "`delay` is no step of a play; did you mean `delay:2s`?");
        assert!(error("fault:rest").ends_with("did you mean `reset`?"));
        assert!(error("keys:rotat").ends_with("did you mean `rotate`?"));
        assert!(error("oauth:acess_denied").ends_with("did you mean `access_denied`?"));
        assert_eq!(error("zebra"), "`zebra` is no step of a play");
        assert!(error("operation.unknown").starts_with("`operation.unknown` is no step"));
    }

    #[test]
    fn values_out_of_range_are_refused() {
        for text in ["status:99", "status:600", "status:+50", "status:", "status:abc", "status:0503"] {
            assert!(error(text).contains("200 to 599"), "{text}");
        }
        assert!(error("delay:2h").contains("at most 10m"));
        assert!(error("delay:soon").contains("duration"));
        assert!(error("example:").contains("name of an example"));
        for text in ["", "+", "ok+", "+ok", "ok++ok"] {
            assert_eq!(text.parse::<Step>(), Err(StepError::Empty), "{text:?}");
        }
        assert_eq!("x".repeat(301).parse::<Step>(), Err(StepError::TooLong));
    }

    #[test]
    fn parts_that_contradict_each_other_are_refused() {
        for text in [
            "ok+token.expired",
            "ok+status:503",
            "ok+oauth:access_denied",
            "token.expired+status:503",
            "token.expired+example:empty",
            "token.expired+oauth:invalid_grant",
            "token.expired+keys:rotate",
            "status:503+oauth:server_error",
            "status:503+status:500",
            "delay:1s+delay:2s",
            "token.expired+scope.insufficient",
            "ok+ok",
        ] {
            assert!(matches!(text.parse::<Step>(), Err(StepError::Clash(..))), "{text}");
        }
    }

    #[test]
    fn the_header_takes_one_step() {
        assert_eq!(Step::from_header("ok, token.expired"), Err(StepError::Sequence));
        assert_eq!(Step::from_header("token.expired").unwrap().to_string(), "token.expired");
    }
}
