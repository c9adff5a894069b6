//! `lobby outbox`: the mails that a mock wrote and sent to nobody.

use std::io::Write;

use serde_json::Value;

use crate::{
    cli::{self, Format},
    exit::{Exit, Failure},
    server::Server,
};

/// Prints them on standard output, the newest first.
pub(crate) fn run(arguments: &cli::Outbox) -> Result<Exit, Failure> {
    let server = Server::open(&arguments.server)?;
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(to) = &arguments.to {
        query.append_pair("to", to);
    }
    let mails = server.get(&format!("/_lobby/outbox?{}", query.finish()))?;
    let text = match arguments.format {
        Format::Json => format!("{mails:#}\n"),
        Format::Text => {
            mails.as_array().into_iter().flatten().map(shown).collect::<Vec<_>>().join("\n---\n\n")
        }
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::from_error)?;
    Ok(Exit::Done)
}

fn shown(mail: &Value) -> String {
    let part = |name: &str| mail.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("To: {}\nDate: {}\nSubject: {}\n\n{}", part("to"), part("at"), part("subject"), part("text"))
}
