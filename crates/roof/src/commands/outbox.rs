//! `lobby outbox`: the mails that are kept and went to nobody, of a mock or of a server.

use std::io::Write;

use serde_json::Value;

use super::administer;
use crate::{
    cli::{self, Format},
    exit::{Exit, Failure},
    server::Server,
};

/// Prints them on standard output, the newest first. Where no server is named, and one runs on the store of
/// lobby.yaml, they are its: its lock opens the admin API, and the control API has no mails of people for anybody
/// without the control token.
pub(crate) fn run(global: &cli::Global, arguments: &cli::Outbox) -> Result<Exit, Failure> {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    if let Some(to) = &arguments.to {
        query.append_pair("to", to);
    }
    let (query, server) = (query.finish(), &arguments.server);
    let is_named = server.url.is_some() || server.control.token.is_some() || server.sandbox.is_some();
    let path = format!("/admin/v1/outbox?{query}");
    let own = if is_named { None } else { administer::of_running(global, server.ca_dir.as_deref(), &path)? };
    let mails = match own {
        Some(mut answer) => answer.get_mut("mails").map(Value::take).unwrap_or_default(),
        None => Server::open(server)?.get(&format!("/_lobby/outbox?{query}"))?,
    };
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
