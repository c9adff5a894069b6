//! `lobby user`, `client`, `key`, `session`, `audit`: calls of the admin API, of a running server or, where none
//! runs, on the store itself. The same code answers both.

mod calls;
mod desk;
mod show;

use std::{io::Write, path::Path};

use http::Method;
use serde_json::{Map, Value};

use self::{calls::Wanted, desk::Desk};
use crate::{
    cli::{self, Format},
    exit::{Exit, Failure},
};

/// `lobby user`
pub(crate) fn user(
    global: &cli::Global,
    arguments: &cli::Administer<cli::UserCommand>,
) -> Result<Exit, Failure> {
    done(global, &arguments.target, calls::user(&arguments.command)?)
}

/// `lobby client`
pub(crate) fn client(
    global: &cli::Global,
    arguments: &cli::Administer<cli::ClientCommand>,
) -> Result<Exit, Failure> {
    done(global, &arguments.target, calls::client(&arguments.command)?)
}

/// `lobby key`
pub(crate) fn key(
    global: &cli::Global,
    arguments: &cli::Administer<cli::KeyCommand>,
) -> Result<Exit, Failure> {
    done(global, &arguments.target, calls::key(&arguments.command))
}

/// `lobby session`
pub(crate) fn session(
    global: &cli::Global,
    arguments: &cli::Administer<cli::SessionCommand>,
) -> Result<Exit, Failure> {
    done(global, &arguments.target, calls::session(&arguments.command))
}

/// `lobby audit`
pub(crate) fn audit(
    global: &cli::Global,
    arguments: &cli::Administer<cli::AuditCommand>,
) -> Result<Exit, Failure> {
    done(global, &arguments.target, calls::audit(&arguments.command))
}

/// What the server that runs on the store of lobby.yaml answers, if one does.
pub(crate) fn of_running(
    global: &cli::Global,
    ca_dir: Option<&Path>,
    path: &str,
) -> Result<Option<Value>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::from_error)?.block_on(async {
        match Desk::running(global, ca_dir)? {
            Some(desk) => desk.call(Method::GET, path, None).await.map(Some),
            None => Ok(None),
        }
    })
}

fn done(global: &cli::Global, target: &cli::Target, wanted: Wanted) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(Failure::from_error)?;
    let answer = runtime.block_on(async {
        let desk = Desk::find(global, target).await?;
        match wanted.list {
            Some((name, most)) => every(&desk, &wanted.path, name, most).await,
            None => desk.call(wanted.method, &wanted.path, wanted.body.as_ref()).await,
        }
    })?;
    let text = match target.format {
        Format::Json if answer.is_null() => String::new(),
        Format::Json => format!("{answer:#}\n"),
        Format::Text => show::text(&wanted.shown, &answer),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::from_error)?;
    let is_broken = answer.get("broken").is_some_and(|broken| !broken.is_null());
    Ok(if is_broken { Exit::Findings } else { Exit::Done })
}

/// All pages of a list as one, at most so many records.
async fn every(desk: &Desk, path: &str, name: &'static str, most: usize) -> Result<Value, Failure> {
    let cursor = if name == "entries" { "before" } else { "after" };
    let mut records: Vec<Value> = Vec::new();
    let mut next: Option<String> = None;
    loop {
        let limit = most.saturating_sub(records.len()).clamp(1, 1000);
        let mut page = format!("{path}{}limit={limit}", if path.contains('?') { '&' } else { '?' });
        if let Some(next) = &next {
            page.extend(["&", cursor, "=", &calls::encoded(next)]);
        }
        let mut answer = desk.call(Method::GET, &page, None).await?;
        if let Some(Value::Array(found)) = answer.get_mut(name).map(Value::take) {
            records.extend(found);
        }
        next = match answer.get("next") {
            Some(Value::String(next)) => Some(next.clone()),
            Some(Value::Number(next)) => Some(next.to_string()),
            Some(_) | None => None,
        };
        if next.is_none() || records.len() >= most {
            let mut all = Map::new();
            all.insert(name.to_owned(), records.into());
            return Ok(all.into());
        }
    }
}
