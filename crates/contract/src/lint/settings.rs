//! What lobby.yaml says of tokens, grants and origins. The file is read elsewhere; here is what to think of it.

use std::time::Duration;

use model::{Place, Problem, format_duration};

use crate::{lint::Lint, problems::quoted};

/// How long an access token may live: it cannot be called back from a verifier that asks nobody.
pub const ACCESS_TOKEN: Duration = Duration::from_secs(15 * 60);

/// Access tokens that live longer than [`ACCESS_TOKEN`].
pub fn token_lifetime(access: Duration, place: Option<Place>) -> Option<Problem> {
    let message = || format!("access tokens live {}, longer than 15 minutes", format_duration(access));
    (access > ACCESS_TOKEN).then(|| Lint::TokenLifetime.problem(message(), place))
}

/// `pkce: optional`, of everybody or of one client.
pub fn optional_proof_key(client: Option<&str>, place: Option<Place>) -> Problem {
    let whose =
        client.map_or_else(|| "of every client".to_owned(), |client| format!("of {}", quoted(client)));
    Lint::PkceOptional.problem(format!("a code {whose} is taken without a proof key"), place)
}

/// A grant that no longer should be offered: `implicit` or `password`; nothing for any other.
pub fn outdated_grant(grant: &str, place: Option<Place>) -> Option<Problem> {
    let (lint, message) = match grant {
        "implicit" => {
            (Lint::FlowImplicit, "the implicit grant is offered, which puts the token into an address")
        }
        "password" => {
            (Lint::FlowPassword, "the password grant is offered, which gives the app the person's password")
        }
        _ => return None,
    };
    Some(lint.problem(message.to_owned(), place))
}

/// Origins of which one is `*`, where credentials may go along.
pub fn cross_origin(
    api: &str,
    origins: &[String],
    credentials: bool,
    place: Option<Place>,
) -> Option<Problem> {
    let open = credentials && origins.iter().any(|origin| origin == "*" || origin == "null");
    let message = || format!("pages of every origin may call {} with a person's credentials", quoted(api));
    open.then(|| Lint::CorsAny.problem(message(), place))
}
