//! `lobby inspect`: what a token is, whether it verifies, and what each operation would answer to it and why.
//!
//! The decision is the running mock's own (`POST /_lobby/inspect`), so that lobby.yaml, other issuers' keys and
//! secrets, revocations and counters are all in it. No operation is called, and nothing is counted. Without a
//! server it says what a token says by itself.

mod reading;
mod show;
mod sight;

use std::io::{Read, Write};

use model::Clock;

use self::{reading::Reading, sight::Sight};
use crate::{
    cli::{self, Format},
    exit::{Exit, Failure},
    report::Reporter,
    server::{Server, ServerError},
    system::SystemClock,
};

/// Everything that is said.
struct Told {
    reading: Reading,
    now: model::Timestamp,
    /// With a server: what it says.
    sight: Option<Sight>,
}

/// Prints what there is to say on standard output.
pub(crate) fn run(global: &cli::Global, arguments: &cli::Inspect) -> Result<Exit, Failure> {
    let reporter = Reporter::new(global);
    let token = token(&arguments.token)?;
    let reading = Reading::of(&token);
    let mut server = Server::open(&arguments.server)?;
    if let Some(issuer) = reading.issuer()
        && server.follow(issuer)
    {
        reporter.line(&format!("the token is of the sandbox {}: it is judged there", server.sandbox()));
    }
    let sight = match Sight::of(&server, &token, arguments.operation.as_deref()) {
        Ok(sight) => Some(sight),
        // What was asked is wrong, as an operation that is not there.
        Err(error @ ServerError::Refused { status: 400, .. }) => return Err(error.into()),
        Err(error) => {
            absent(reporter, error);
            None
        }
    };
    let now = sight.as_ref().map_or_else(|| SystemClock.now(), |sight| sight.now);
    let told = Told { reading, now, sight };
    let text = match arguments.format {
        Format::Text => show::text(&told),
        Format::Json => format!("{:#}\n", show::json(&told)),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::from_error)?;
    Ok(Exit::Done)
}

/// That nobody could be asked is no failure: much can be said without.
fn absent(reporter: Reporter, error: ServerError) {
    let (why, hint) = match Failure::from(error) {
        Failure::Message { message, hint } => (message, hint),
        Failure::Problems(problems) => (format!("{} problems", problems.len()), None),
    };
    reporter.line(&format!("{why}; what follows is what the token says of itself, by this machine's clock"));
    if let Some(hint) = hint {
        reporter.line(&format!("hint: {hint}"));
    }
}

/// The longest text that is looked at: what is longer is no token.
const LONGEST: u64 = 1 << 20;

/// The token, also out of a whole `Authorization` field, or from standard input.
fn token(written: &str) -> Result<String, Failure> {
    let mut text = written.to_owned();
    if written == "-" {
        text.clear();
        let mut input = std::io::stdin().lock().take(LONGEST);
        input.read_to_string(&mut text).map_err(|error| {
            Failure::new(format!("standard input cannot be read: {error}"), "pipe the token into it as text")
        })?;
    }
    let text = bare(&text);
    if text.is_empty() {
        return Err(Failure::new(
            "there is no token",
            "lobby inspect TOKEN, or - to read it from standard input",
        ));
    }
    Ok(text.to_owned())
}

fn bare(text: &str) -> &str {
    let cut = |text: &'_ str, word: &str| -> Option<usize> {
        let start = text.get(..word.len())?;
        start.eq_ignore_ascii_case(word).then_some(word.len())
    };
    let mut text = text.trim();
    for word in ["Authorization:", "Bearer ", "DPoP "] {
        if let Some(at) = cut(text, word) {
            text = text.get(at..).unwrap_or_default().trim_start();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_of_a_whole_field() {
        assert_eq!(bare(" Authorization: Bearer abc\n"), "abc");
        assert_eq!(bare("bearer abc"), "abc");
        assert_eq!(bare("DPoP  abc"), "abc");
        assert_eq!(bare("abc"), "abc");
    }
}
