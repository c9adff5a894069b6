use std::fmt::Write;

use contract::{Demand, Scheme, SchemeKind};
use http::HeaderValue;
use jose::dpop;

use super::Rendering;
use crate::{Bound, Cause, Challenge, Denial, Tried, Word};

/// The `WWW-Authenticate` field lines: one for each scheme that would do; the one that was tried comes
/// first, and alone has an `error`.
pub(super) fn lines(denial: &Denial, rendering: &Rendering<'_>) -> Vec<HeaderValue> {
    let challenge = denial.cause.challenge();
    if challenge == Challenge::None {
        return Vec::new();
    }
    let mut lines = Lines::default();
    let alternatives = rendering.operation.map_or(&[][..], |operation| &operation.requirement.alternatives);
    if let Some(tried) = denial.tried {
        let demands = alternatives.get(tried.alternative).map(|alternative| alternative.demands.as_slice());
        let demand = demands.and_then(|demands| demands.iter().find(|demand| demand.scheme == tried.scheme));
        if let Some(demand) = demand {
            lines.offer(demand, rendering, Some((denial, tried, challenge)));
        }
    } else if challenge != Challenge::Offer {
        // Two fields on a public operation, or a scenario's denial of a scheme that the operation has not.
        lines.push(of_no_scheme(&denial.cause, challenge, rendering));
    }
    for demand in alternatives.iter().flat_map(|alternative| &alternative.demands) {
        lines.offer(demand, rendering, None);
    }
    if lines.texts.is_empty() && denial.code().status() == 401 {
        lines.push(last_resort(&denial.cause, challenge, rendering));
    }
    lines.texts.into_iter().filter_map(|text| HeaderValue::try_from(text).ok()).collect()
}

#[derive(Default)]
struct Lines {
    schemes: Vec<contract::SchemeId>,
    texts: Vec<String>,
}

impl Lines {
    fn offer(
        &mut self,
        demand: &Demand,
        rendering: &Rendering<'_>,
        trial: Option<(&Denial, Tried, Challenge)>,
    ) {
        if self.schemes.contains(&demand.scheme) {
            return;
        }
        let Some(scheme) = rendering.contract.scheme(demand.scheme) else { return };
        self.schemes.push(demand.scheme);
        match &scheme.kind {
            SchemeKind::ApiKey { place, name } => {
                let line = Line::new("ApiKey", rendering.api).with("in", place.as_str()).with("name", name);
                self.push(ambiguous(line, trial));
            }
            SchemeKind::Basic => {
                let line = Line::new(basic(rendering), rendering.api).with("charset", "UTF-8");
                self.push(ambiguous(line, trial));
            }
            SchemeKind::Bearer | SchemeKind::OAuth2 { .. } | SchemeKind::OpenIdConnect { .. } => {
                self.offer_token(demand, rendering, trial);
            }
            SchemeKind::MutualTls => self.push(Line::new("MutualTLS", rendering.api)),
            SchemeKind::Unmeetable { .. } => {}
        }
    }

    fn offer_token(
        &mut self,
        demand: &Demand,
        rendering: &Rendering<'_>,
        trial: Option<(&Denial, Tried, Challenge)>,
    ) {
        let Some((denial, tried, challenge)) = trial else {
            let word = if rendering.dpop_required { Word::DPoP } else { Word::Bearer };
            return self.push(token(word, demand, rendering, None));
        };
        let word = match challenge {
            Challenge::Proof(_) => Word::DPoP,
            _ => tried.word,
        };
        self.push(token(word, demand, rendering, Some((&denial.cause, challenge))));
        // RFC 9449 7.2: a bound token came as Bearer; what it should have come as is told beside.
        if word == Word::Bearer && matches!(denial.cause, Cause::ProofMissing(Bound::KeyAsBearer)) {
            self.push(token(Word::DPoP, demand, rendering, None));
        }
    }

    fn push(&mut self, line: Line) {
        if !self.texts.contains(&line.0) {
            self.texts.push(line.0);
        }
    }
}

fn token(
    word: Word,
    demand: &Demand,
    rendering: &Rendering<'_>,
    failed: Option<(&Cause, Challenge)>,
) -> Line {
    let name = match word {
        Word::Bearer => "Bearer",
        Word::DPoP => "DPoP",
    };
    let mut line = Line::new(name, rendering.api);
    if let Some((cause, Challenge::Error(error) | Challenge::Proof(error))) = failed {
        line = described(line.with("error", error), cause);
    }
    if !demand.scopes.is_empty() {
        line = line.with("scope", &demand.scopes.to_string());
    }
    if word == Word::DPoP {
        line = line.with("algs", &algorithms());
    }
    if let Some(url) = rendering.resource_metadata {
        line = line.with("resource_metadata", url);
    }
    line
}

/// What a failure tells beside its `error`.
fn described(line: Line, cause: &Cause) -> Line {
    match cause {
        Cause::TokenExpired { .. } | Cause::TokenNotYetValid { .. } => {
            line.with("error_description", &cause.detail())
        }
        Cause::StepUp(asked) => {
            // RFC 9470 3
            let line = line.with("error_description", &asked.detail());
            let line = asked.acr.iter().fold(line, |line, acr| line.with("acr_values", acr));
            asked.max_age.iter().fold(line, |line, age| line.with("max_age", &age.as_secs().to_string()))
        }
        _ => line,
    }
}

/// Keys and passwords have no `error` but this one: no scheme of theirs says which of two values counts.
fn ambiguous(line: Line, trial: Option<(&Denial, Tried, Challenge)>) -> Line {
    match trial {
        Some((denial, _, Challenge::Error(error))) if matches!(denial.cause, Cause::RequestAmbiguous(_)) => {
            line.with("error", error)
        }
        _ => line,
    }
}

fn basic(rendering: &Rendering<'_>) -> &'static str {
    if rendering.hidden_basic { "xBasic" } else { "Basic" }
}

fn algorithms() -> String {
    let names: Vec<&str> = dpop::ALGORITHMS.iter().map(jose::Algorithm::as_str).collect();
    names.join(" ")
}

/// The challenge of a denial that no scheme of the operation has earned.
fn of_no_scheme(cause: &Cause, challenge: Challenge, rendering: &Rendering<'_>) -> Line {
    let line = |word| Line::new(word, rendering.api);
    match challenge {
        Challenge::None | Challenge::Offer => line("Bearer"),
        Challenge::Key => line("ApiKey"),
        Challenge::Basic => line(basic(rendering)).with("charset", "UTF-8"),
        Challenge::Certificate => line("MutualTLS"),
        Challenge::Error(error) => described(line("Bearer").with("error", error), cause),
        Challenge::Proof(error) => line("DPoP").with("error", error).with("algs", &algorithms()),
    }
}

/// A 401 has a challenge (RFC 9110 15.5.2), also where no scheme would do: the word that the document
/// demands.
fn last_resort(cause: &Cause, challenge: Challenge, rendering: &Rendering<'_>) -> Line {
    let demands = rendering.operation.into_iter().flat_map(|operation| &operation.requirement.alternatives);
    let named = demands.flat_map(|alternative| &alternative.demands).find_map(|demand| {
        let scheme: &Scheme = rendering.contract.scheme(demand.scheme)?;
        let SchemeKind::Unmeetable { what } = &scheme.kind else { return None };
        let word = what.strip_prefix("http ")?;
        (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
            .then_some(word)
    });
    match named {
        Some(word) => Line::new(word, rendering.api),
        None => of_no_scheme(cause, challenge, rendering),
    }
}

/// A challenge in the making: a word and its parameters (RFC 9110 11.3).
struct Line(String);

impl Line {
    fn new(word: &str, realm: &str) -> Self {
        let mut line = Self(word.to_owned());
        line.parameter(' ', "realm", realm);
        line
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push(',');
        self.parameter(' ', name, value);
        self
    }

    /// A quoted string of printable ASCII: what it cannot hold becomes a question mark.
    fn parameter(&mut self, before: char, name: &str, value: &str) {
        let _ = write!(self.0, "{before}{name}=\"");
        for letter in value.chars() {
            match letter {
                '"' | '\\' => self.0.extend(['\\', letter]),
                ' '..='~' => self.0.push(letter),
                _ => self.0.push('?'),
            }
        }
        self.0.push('"');
    }
}
