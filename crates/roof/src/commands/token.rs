//! `lobby token`: asks a running Lobby for a token, good or wrong on purpose, and shows how to use it.

mod curl;

use std::io::Write;

use serde_json::{Map, Value, json};

use self::curl::{Place, Way};
use crate::{
    cli::{self, Print},
    exit::{Exit, Failure},
    server::Server,
};

/// Prints what was asked for on standard output.
pub(crate) fn run(arguments: &cli::Token) -> Result<Exit, Failure> {
    let server = Server::open(&arguments.server)?;
    let text = match &arguments.operation {
        Some(operation) => of_operation(&server, arguments, operation)?,
        None => plain(&server, arguments)?,
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::from_error)?;
    Ok(Exit::Done)
}

/// A token that is for no operation in particular.
fn plain(server: &Server, arguments: &cli::Token) -> Result<String, Failure> {
    if arguments.print == Print::Curl {
        return Err(Failure::new(
            "there is no one request that a token is for",
            "name an operation: --for listBooks",
        ));
    }
    let issued = issue(server, arguments, None)?;
    let token = token_of(&issued)?;
    Ok(match arguments.print {
        Print::Token | Print::Curl => format!("{token}\n"),
        Print::Header => format!("Authorization: Bearer {token}\n"),
        Print::Json => format!("{issued:#}\n"),
    })
}

/// How to get into one operation, by each alternative of its requirement.
fn of_operation(server: &Server, arguments: &cli::Token, operation: &str) -> Result<String, Failure> {
    let asked = json!({ "as": arguments.persona, "operation": operation });
    let answer = server.post("/_lobby/credentials", &asked)?;
    let listed = answer.get("alternatives").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut ways: Vec<Way> = listed.iter().map(Way::read).collect();
    if is_special(arguments) {
        exchange(server, arguments, operation, &mut ways)?;
    }
    match arguments.print {
        Print::Json => {
            let shown: Vec<Value> = ways.iter().map(Way::to_json).collect();
            Ok(format!("{:#}\n", json!({ "alternatives": shown })))
        }
        Print::Token => {
            let token = ways.iter().find_map(Way::token);
            let lacking = || {
                Failure::new(
                    format!("`{operation}` takes no token: {}", either(&ways)),
                    "--print curl shows what it takes",
                )
            };
            token.map(|token| format!("{token}\n")).ok_or_else(lacking)
        }
        Print::Header => ways.iter().find_map(Way::header_lines).ok_or_else(|| {
            Failure::new(
                format!("`{operation}` takes nothing in a header: {}", either(&ways)),
                "--print curl shows what it takes",
            )
        }),
        Print::Curl => {
            let documents = server.documents()?;
            let place = Place::find(&documents, operation, &arguments.persona).ok_or_else(|| {
                Failure::new(
                    format!("the served documents have no operation `{operation}`"),
                    "see /_lobby/openapi.json",
                )
            })?;
            if ways.is_empty() {
                return Err(Failure::new(
                    format!("no persona can get into `{operation}`: nobody can meet its schemes"),
                    "lobby check says why",
                ));
            }
            let commands: Vec<String> =
                ways.iter().map(|way| curl::command(server, &place, way, &arguments.persona)).collect();
            Ok(commands.join("\n"))
        }
    }
}

/// Whether the token is to be another one than the usual.
fn is_special(arguments: &cli::Token) -> bool {
    arguments.defect.name().is_some()
        || arguments.scope.is_some()
        || arguments.audience.is_some()
        || arguments.client_id.is_some()
        || arguments.lifetime.is_some()
}

/// Puts the token that was asked for into the place of the usual one, for the same API.
fn exchange(
    server: &Server,
    arguments: &cli::Token,
    operation: &str,
    ways: &mut [Way],
) -> Result<(), Failure> {
    let Some(usual) = ways.iter().find_map(Way::token) else {
        return Err(Failure::new(
            format!(
                "`{operation}` takes no token, which --scope, --expired and the like are about: {}",
                either(ways)
            ),
            "leave them out",
        ));
    };
    let audience = jose::jwt::peek(usual).claims.and_then(|claims| claims.get("aud").cloned());
    let issued = issue(server, arguments, audience)?;
    let token = token_of(&issued)?;
    for way in ways {
        way.set_token(token);
    }
    Ok(())
}

fn issue(server: &Server, arguments: &cli::Token, audience: Option<Value>) -> Result<Value, Failure> {
    let mut order = Map::new();
    let mut put = |name: &str, value: Option<&str>| {
        if let Some(value) = value {
            order.insert(name.to_owned(), value.into());
        }
    };
    put("as", Some(&arguments.persona));
    put("scope", arguments.scope.as_deref());
    put("audience", arguments.audience.as_deref());
    put("client_id", arguments.client_id.as_deref());
    put("lifetime", arguments.lifetime.as_deref());
    put("defect", arguments.defect.name());
    if let Some(audience) = audience {
        order.entry("audience").or_insert(audience);
    }
    Ok(server.post("/_lobby/token", &Value::Object(order))?)
}

fn token_of(issued: &Value) -> Result<&str, Failure> {
    issued.get("access_token").and_then(Value::as_str).ok_or_else(|| {
        Failure::new("the server's answer has no access_token", "is it a Lobby of another version?")
    })
}

fn either(ways: &[Way]) -> String {
    let named: Vec<String> = ways.iter().map(Way::name).collect();
    if named.is_empty() {
        "nobody can get in".to_owned()
    } else {
        format!("it takes {}", named.join(", or "))
    }
}
