use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use percent_encoding::percent_decode_str;

use crate::{
    NormalPath,
    problems::{Sink, quoted},
    source::{
        document::Kind,
        view::{At, View},
    },
};

/// Distinct base paths of one document; each is looked at for a request that no longer one leads anywhere.
const MOST: usize = 100;

/// What `servers` say at every level: an operation's stand over its path's, and those over the document's
/// (OpenAPI 3.2 4.9.1, 4.10.1).
#[derive(Debug, Default)]
pub(crate) struct Servers {
    /// By where the list stands: a list that many operations share is read once.
    read: HashMap<At, Option<Arc<[String]>>>,
    distinct: BTreeSet<String>,
    told: bool,
}

impl Servers {
    /// The paths of the document's servers, each once; the root where there is none.
    pub(crate) fn root(&mut self, root: View<'_>, sink: &mut Sink) -> Vec<String> {
        let bases = root.get("servers").and_then(|list| self.list(list, sink));
        bases.map_or_else(|| vec![String::new()], |bases| bases.to_vec())
    }

    /// The paths of the innermost servers of `owners`, which come innermost first; `None` where there are none.
    pub(crate) fn own<'a>(
        &mut self,
        owners: impl Iterator<Item = View<'a>>,
        sink: &mut Sink,
    ) -> Option<Arc<[String]>> {
        for owner in owners {
            let Some((key, list)) = owner.member("servers") else { continue };
            if list.kind() != Kind::List && !list.is_null() {
                let message = format!("`servers` is {} and is ignored", list.what());
                sink.warn("server.form", key, message, "write for example `servers: [{url: /v1}]`");
            }
            if let Some(bases) = self.list(list, sink) {
                return Some(bases);
            }
        }
        None
    }

    /// The paths of a list of servers, each once; `None` where it names none.
    fn list(&mut self, list: View<'_>, sink: &mut Sink) -> Option<Arc<[String]>> {
        if let Some(known) = self.read.get(&list.at) {
            return known.clone();
        }
        let mut bases: Vec<String> = Vec::new();
        for server in list.items() {
            let Some(url) = server.get("url") else {
                sink.warn("server.url", server, "the server has no `url` and is ignored", "");
                continue;
            };
            match base(server, url) {
                Ok(base) if bases.contains(&base) => {}
                Ok(base) if self.distinct.len() >= MOST && !self.distinct.contains(&base) => {
                    if !std::mem::replace(&mut self.told, true) {
                        let message = format!("more than {MOST} paths of servers: this one is ignored");
                        sink.warn("server.many", url, message, "use variables, or documents of their own");
                    }
                }
                Ok(base) => {
                    self.distinct.insert(base.clone());
                    bases.push(base);
                }
                Err(message) => {
                    sink.warn("server.url", url, message, "write for example `https://api.example.com/v1`");
                }
            }
        }
        let bases: Option<Arc<[String]>> = (!bases.is_empty()).then(|| bases.into());
        self.read.insert(list.at, bases.clone());
        bases
    }
}

/// The path below which a server serves.
pub(crate) fn path(server: View<'_>) -> Option<String> {
    base(server, server.get("url")?).ok()
}

fn base(server: View<'_>, url: View<'_>) -> Result<String, String> {
    let text = url.text().ok_or_else(|| format!("the server's `url` is {}", url.what()))?;
    let whole = substitute(server, text)?;
    let path =
        path_of(&whole).ok_or_else(|| format!("{} is no URL of a server and is ignored", quoted(text)))?;
    if path.is_empty() {
        return Ok(String::new());
    }
    let path =
        percent_decode_str(path).decode_utf8().map_err(|_| format!("{} is not UTF-8", quoted(text)))?;
    let normal = NormalPath::parse(&path.replace('%', "%25"));
    let normal = normal.map_err(|error| format!("the path of {} cannot be served: {error}", quoted(text)))?;
    Ok(normal.to_string().trim_end_matches('/').to_owned())
}

/// The path of an absolute or relative URL, without query and fragment.
fn path_of(url: &str) -> Option<&str> {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let after_scheme = if let Some((scheme, rest)) = url.split_once("://") {
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        scheme.chars().all(legal).then_some(rest)?
    } else if let Some(rest) = url.strip_prefix("//") {
        rest
    } else if url.split('/').next().is_some_and(|first| first.contains(':')) {
        return None;
    } else {
        // Relative to where the document lies, which is the root here.
        return Some(url);
    };
    Some(after_scheme.find('/').and_then(|at| after_scheme.get(at..)).unwrap_or_default())
}

fn substitute(server: View<'_>, url: &str) -> Result<String, String> {
    let mut whole = String::new();
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) =
            after.split_once('}').ok_or_else(|| format!("a `}}` is missing in {}", quoted(url)))?;
        let value = server.get("variables").and_then(|all| all.get(name)?.get("default")?.scalar());
        let value = value.ok_or_else(|| format!("the server's variable {} has no default", quoted(name)))?;
        whole.push_str(before);
        whole.push_str(value);
        rest = after;
    }
    whole.push_str(rest);
    if !whole.is_empty() && !whole.starts_with('/') && !whole.contains(':') {
        whole.insert(0, '/');
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_every_form_of_url_is_found() {
        for (url, path) in [
            ("https://h.test/v1", Some("/v1")),
            ("https://h.test", Some("")),
            ("//h.test/v1?x", Some("/v1")),
            ("/v1#x", Some("/v1")),
            ("", Some("")),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(path_of(url), path, "{url}");
        }
    }
}
