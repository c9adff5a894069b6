//! `passwords:` → what new passwords are held against, and what hashing one costs.

use std::{path::Path, time::Duration};

use identity::{
    Cost,
    password::{Breaches, OnError, Policy, Rules},
};
use model::Problem;

use crate::{
    config::{
        Config,
        accounts::{self, Breached, BreachedApi},
    },
    gather::Gathering,
    leaks,
};

/// No password is longer (attacks.md, A20).
const MOST_BYTES: usize = 4096;

/// What a password must be that somebody chooses; `None` and a problem where a setting cannot be followed.
pub(super) fn policy(gathering: &Gathering, problems: &mut Vec<Problem>) -> Option<Policy> {
    let config = &gathering.config;
    let rules = password_rules(config);
    let mut wrong = |key: &str, message: String, help: &str| {
        problems.push(gathering.wrong(&["passwords", key], message, Some(help.to_owned())));
    };
    if rules.max_bytes > MOST_BYTES || rules.max_bytes == 0 {
        wrong("max_bytes", format!("no password has {} bytes", rules.max_bytes), "write 1 to 4096");
    } else if rules.min_length > rules.max_bytes {
        let message = format!("no password has {} characters in {} bytes", rules.min_length, rules.max_bytes);
        wrong("min_length", message, "it is at most `max_bytes`");
    }
    if !password_cost(config).is_sound() {
        let message = "argon2 cannot hash so".to_owned();
        wrong(
            "argon2",
            message,
            "memory: 8 KiB a lane to 256 MiB; passes × memory: at most 2 GiB; lanes: 1 to 16",
        );
    }
    match breaches(config, gathering.folder()) {
        Ok(breaches) => Some(Policy { rules, breaches }),
        Err((message, help)) => {
            wrong("breached", message, help);
            None
        }
    }
}

/// The rules for a new password. What pages call the service is its name, too.
fn password_rules(config: &Config) -> Rules {
    let default = Rules::default();
    let name = config.pages.iter().filter_map(|pages| pages.name.clone());
    let Some(written) = &config.passwords else { return Rules { words: name.collect(), ..default } };
    let size = |written: Option<u32>, default: usize| {
        written.map_or(default, |size| usize::try_from(size).unwrap_or(usize::MAX))
    };
    Rules {
        min_length: size(written.min_length, default.min_length),
        max_bytes: size(written.max_bytes, default.max_bytes),
        score: written.score.map_or(default.score, |score| score.0),
        classes: written.classes.map_or(default.classes, |classes| classes.0),
        like_user: written.like_user.unwrap_or(default.like_user),
        words: written.words.iter().cloned().chain(name).collect(),
    }
}

/// What hashing costs, and how many are hashed at once: as many as the machine has cores.
pub(crate) fn password_cost(config: &Config) -> Cost {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let default = Cost { workers: cores, ..Cost::default() };
    let Some(accounts::Argon2 { memory, passes, lanes, workers, queue }) =
        config.passwords.as_ref().map(|passwords| &passwords.argon2)
    else {
        return default;
    };
    let count = |written: Option<u32>, default: usize| {
        written.map_or(default, |count| usize::try_from(count).unwrap_or(usize::MAX))
    };
    Cost {
        memory: memory.map_or(default.memory, |size| u32::try_from(size.0 / 1024).unwrap_or(u32::MAX)),
        passes: passes.unwrap_or(default.passes),
        lanes: lanes.unwrap_or(default.lanes),
        workers: count(*workers, default.workers),
        queue: count(*queue, default.queue),
    }
}

fn breaches(config: &Config, folder: &Path) -> Result<Breaches, (String, &'static str)> {
    let written = config.passwords.as_ref().and_then(|passwords| passwords.breached.as_ref());
    match written {
        None | Some(Breached::Embedded) => {
            Breaches::embedded().map_err(|error| (error.to_string(), "write `off`, or name a file"))
        }
        Some(Breached::Off) => Ok(Breaches::Off),
        Some(Breached::File(path)) => {
            let path = folder.join(path);
            let filter = leaks::open(&path);
            let help = "`lobby pwned build HIBP-FILES -o pwned.filter` makes one";
            filter.map(Breaches::File).map_err(|error| (format!("{}: {error}", path.display()), help))
        }
        Some(Breached::Api(api)) => service(api),
    }
}

fn service(api: &BreachedApi) -> Result<Breaches, (String, &'static str)> {
    let url = api.api.as_deref().unwrap_or(leaks::SERVICE);
    let is_web =
        url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !is_web || url.contains(['?', '#']) {
        return Err((
            format!("`{url}` is no http or https URL to which a prefix could be added"),
            "as https://api.pwnedpasswords.com/range",
        ));
    }
    let patience: Duration = api.timeout.map_or(leaks::PATIENCE, |span| span.0);
    let service = leaks::Service::new(url, patience)
        .map_err(|error| (format!("no client could be made: {error}"), "write `embedded`"))?;
    let on_error = match api.on_error {
        None | Some(accounts::OnError::Allow) => OnError::Allow,
        Some(accounts::OnError::Refuse) => OnError::Refuse,
    };
    Ok(Breaches::Api { ranges: Box::new(service), on_error })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::read::Written;

    #[test]
    fn the_services_name_is_a_word_that_no_password_is_made_of() {
        let words = |text: &str| {
            let written = Written { file: Arc::new("lobby.yaml".into()), text: text.to_owned() };
            password_rules(&written.parse().unwrap()).words
        };
        assert_eq!(words("pages: { name: Bookshop }\n"), ["Bookshop"]);
        assert_eq!(words("pages: { name: Shop }\npasswords: { words: [books] }\n"), ["books", "Shop"]);
        assert!(words("passwords: {}\n").is_empty());
    }
}
