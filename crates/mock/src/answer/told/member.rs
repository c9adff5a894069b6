use http::StatusCode;
use serde_json::{Map, Value};

use super::{Told, fit, place::Place};

/// What is known of one answer, or of one mistake in its request.
#[derive(Clone, Copy)]
pub(super) struct Facts<'a> {
    told: &'a Told<'a>,
    status: u16,
    code: Option<&'a str>,
    mistake: Option<&'a Value>,
}

/// Whether an object or list of this name speaks about errors.
pub(super) fn speaks(name: &str) -> bool {
    const WORDS: [&str; 13] = [
        "error",
        "problem",
        "fault",
        "issue",
        "violation",
        "exception",
        "detail",
        "meta",
        "status",
        "message",
        "reason",
        "response",
        "invalidparam",
    ];
    let name = plain(name);
    WORDS.iter().any(|word| name.contains(word)) || name == "source"
}

/// A name without case and separators: `requestId`, `request_id` and `Request-Id` are one.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl<'a> Facts<'a> {
    pub(super) fn of(told: &'a Told<'a>) -> Self {
        let status = told.problem.get("status").and_then(Value::as_u64);
        Self {
            told,
            status: status.and_then(|status| u16::try_from(status).ok()).unwrap_or_default(),
            code: told.problem.get("code").and_then(Value::as_str),
            mistake: None,
        }
    }

    pub(super) fn mistakes(&self) -> &'a [Value] {
        let list = self.told.problem.get("errors").and_then(Value::as_array);
        list.map_or(&[][..], Vec::as_slice)
    }

    /// What is known of the item of this number in a list of errors.
    pub(super) fn of_mistake(&self, number: usize) -> Self {
        Self { mistake: self.mistake.or_else(|| self.mistakes().get(number)), ..*self }
    }

    pub(super) fn detail(&self) -> Vec<Value> {
        let detail = self.mistake.and_then(|mistake| mistake.get("message"));
        let all = [detail, self.told.problem.get("detail"), self.told.problem.get("title")];
        all.into_iter().flatten().cloned().collect()
    }

    /// For a list of texts.
    pub(super) fn messages(&self) -> Vec<Value> {
        let of = |mistake: &Value| {
            let text = |word| mistake.get(word).and_then(Value::as_str).unwrap_or_default();
            Value::from(format!("{}: {}", text("name"), text("message")))
        };
        let mistakes: Vec<Value> = self.mistakes().iter().map(of).collect();
        let mistakes = (!mistakes.is_empty()).then_some(Value::Array(mistakes));
        let whole = self.detail().into_iter().take(1).collect();
        mistakes.into_iter().chain([Value::Array(whole)]).collect()
    }

    /// What a member may say, the best first; nothing where it says nothing about what happened.
    pub(super) fn choices(
        &self,
        name: &str,
        now: &Value,
        beside: &Map<String, Value>,
        place: &Place<'_>,
    ) -> Vec<Value> {
        let name = plain(name);
        let mut said = self.said(&name, beside, place);
        // What was generated shows the type that the schema wants.
        let alike =
            |choice: &Value| now.is_null() || std::mem::discriminant(choice) == std::mem::discriminant(now);
        said.retain(alike);
        let listed = place.listed();
        if !listed.is_empty() {
            said.retain(|choice| listed.contains(&choice));
            if is_name(&name) {
                said.extend(self.fitting(&listed));
            }
        }
        said
    }

    /// Of listed values those that fit, the best first.
    fn fitting(&self, listed: &[&Value]) -> Vec<Value> {
        let rank = |value: &&Value| {
            let rank = fit::rank(value.as_str()?, self.code, self.status)?;
            Some((rank, Value::clone(value)))
        };
        let mut ranked: Vec<(usize, Value)> = listed.iter().filter_map(rank).collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        ranked.into_iter().map(|(_, value)| value).collect()
    }

    fn said(&self, name: &str, beside: &Map<String, Value>, place: &Place<'_>) -> Vec<Value> {
        let has = |word: &str| beside.keys().any(|key| plain(key) == word);
        let of = |word: &str| self.told.problem.get(word).cloned().into_iter().collect::<Vec<_>>();
        // A status that was only asked for is described best by the document.
        if self.code.is_none() && self.mistake.is_none() && place.has_example() {
            return self.status_of(name);
        }
        match name {
            "type" if has("title") || has("detail") || has("instance") => {
                of("type").into_iter().chain([Value::from("about:blank")]).collect()
            }
            "title" | "reason" | "errortitle" | "summary" | "errorsummary" => of("title"),
            "error" if has("errordescription") || has("erroruri") => vec![self.oauth().into()],
            "error" if has("message") || has("detail") || has("path") => {
                vec![self.phrase().into(), true.into(), self.status.into()]
            }
            "error" | "err" => self.detail().into_iter().chain([true.into(), self.status.into()]).collect(),
            "detail" | "details" | "message" | "msg" | "description" | "errordescription"
            | "errormessage" | "errormsg" | "errordetail" | "errordetails" | "usermessage"
            | "developermessage" | "explanation" | "errortext" | "displaymessage" => self.detail(),
            "statustext" | "statusmessage" | "reasonphrase" | "statusdescription" => {
                vec![self.phrase().into()]
            }
            "requestid" | "traceid" | "correlationid" | "transactionid" | "xcorrelator" | "correlator"
            | "trace" | "requestuuid" | "logid" | "errorid" | "eventid" => of("request_id"),
            "id" if has("title") || has("detail") || has("message") => of("request_id"),
            "hint" | "help" | "suggestion" | "resolution" | "solution" | "advice" => of("hint"),
            "timestamp" | "time" | "date" | "datetime" | "occurredat" | "errortime" => self.times(),
            "success" | "ok" | "issuccess" | "successful" => vec![false.into()],
            "iserror" | "haserror" | "failed" | "failure" => vec![true.into()],
            "instance" | "path" | "requestpath" | "requesturi" if self.mistake.is_none() => {
                vec![self.told.path.into()]
            }
            _ if is_status(name) => vec![self.status.into(), self.status.to_string().into()],
            _ if is_name(name) => self.names(),
            _ => self.of_place(name),
        }
    }

    fn status_of(&self, name: &str) -> Vec<Value> {
        if is_status(name) || name == "code" { vec![self.status.into()] } else { Vec::new() }
    }

    /// Codes, as text or number.
    fn names(&self) -> Vec<Value> {
        let status = self.status.to_string();
        let code =
            self.code.map_or_else(|| self.phrase().to_ascii_lowercase().replace(' ', "_"), str::to_owned);
        let capitals = code.to_ascii_uppercase().replace('.', "_");
        vec![
            self.status.into(),
            code.clone().into(),
            capitals.into(),
            code.replace('.', "_").into(),
            status.into(),
        ]
    }

    /// Where the mistake is.
    fn of_place(&self, name: &str) -> Vec<Value> {
        let Some(mistake) = self.mistake else { return Vec::new() };
        let word = match name {
            "pointer" | "instancepath" | "jsonpointer" | "path" | "datapath" => "pointer",
            "field" | "name" | "param" | "parameter" | "property" | "attribute" | "fieldname" | "key"
            | "target" => "name",
            "in" | "location" | "where" | "source" => "in",
            _ => return Vec::new(),
        };
        mistake.get(word).cloned().into_iter().collect()
    }

    fn times(&self) -> Vec<Value> {
        let seconds = self.told.now.as_seconds();
        let text = jiff::Timestamp::from_second(seconds).ok().map(|at| Value::from(at.to_string()));
        text.into_iter().chain([seconds.into(), seconds.saturating_mul(1000).into()]).collect()
    }

    fn phrase(&self) -> &'static str {
        StatusCode::from_u16(self.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error")
    }

    /// The error of RFC 6749 5.2 or RFC 6750 3.1 that comes nearest.
    fn oauth(&self) -> &'static str {
        match self.status {
            401 => "invalid_token",
            403 => "insufficient_scope",
            429 | 503 => "temporarily_unavailable",
            500..=599 => "server_error",
            _ => "invalid_request",
        }
    }
}

/// Whether a member of this name holds the status.
fn is_status(name: &str) -> bool {
    matches!(name, "status" | "statuscode" | "httpstatus" | "httpstatuscode" | "httpcode" | "responsestatus")
}

/// Whether a member of this name holds a code.
pub(super) fn is_name(name: &str) -> bool {
    matches!(
        name,
        "code"
            | "errorcode"
            | "errcode"
            | "error"
            | "errortype"
            | "type"
            | "status"
            | "responsecode"
            | "errorname"
            | "errorkey"
            | "reason"
            | "reasoncode"
            | "category"
    )
}
