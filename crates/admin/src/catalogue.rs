use std::sync::Arc;

use mock::scenario::{Endpoint, Named, Target};
use model::nearest;

use crate::{Api, Desk};

/// Endpoints of the authorization server that take no steps, but are in the journal.
const SEEN: [&str; 3] = ["oauth.introspect", "oauth.revoke", "oauth.logout"];

/// What may be named: the operations of the APIs that are served, the authorization server's, the personas.
pub(crate) struct Catalogue<'a> {
    apis: Vec<Api>,
    desk: &'a dyn Desk,
}

impl<'a> Catalogue<'a> {
    pub(crate) fn of(desk: &'a dyn Desk) -> Self {
        Self { apis: desk.apis(), desk }
    }

    /// The operation that `written` names: `listBooks`, `GET /books/{id}`, or either with the API's name or base
    /// where several APIs have it; else why there is not one.
    pub(crate) fn operation(&self, written: &str) -> Result<(&Api, &contract::Operation), String> {
        let mut found = self.operations(written);
        match (found.pop(), found.is_empty()) {
            (Some(only), true) => Ok(only),
            (Some(last), false) => {
                let named = found.into_iter().chain([last]);
                let named: Vec<_> = named.map(|(api, operation)| of(api).full(operation)).collect();
                let written: String = written.chars().take(100).collect();
                Err(format!("`{written}` is an operation of several APIs; name one: {}", named.join(", ")))
            }
            (None, _) => Err(self.no_operation(written)),
        }
    }

    /// The operations that `written` names: several, where several APIs have it.
    pub(crate) fn operations(&self, written: &str) -> Vec<(&Api, &contract::Operation)> {
        let apis: Vec<_> = self.apis.iter().map(of).collect();
        let found = contract::named(&apis, written).into_iter();
        found.filter_map(|(index, operation)| Some((self.apis.get(index)?, operation))).collect()
    }

    /// What a play is for.
    pub(crate) fn target(&self, written: Option<&str>) -> Result<Target, String> {
        let Some(written) = written else { return Ok(Target::Apis) };
        if let Some(endpoint) = Endpoint::parse(written) {
            return Ok(Target::Endpoint(endpoint));
        }
        let (api, operation) = self.operation(written)?;
        let named = Named { api: api.name.clone(), operation: operation.name.clone() };
        Ok(Target::Operation { written: written.into(), named: [named].into() })
    }

    /// What an operation's name means in the journal: several, where several APIs have it.
    pub(crate) fn seen(&self, written: &str) -> Result<Arc<[Named]>, String> {
        if Endpoint::parse(written).is_some() || SEEN.contains(&written) {
            return Ok([Named { api: "oauth".into(), operation: written.into() }].into());
        }
        self.named(written).ok_or_else(|| self.no_operation(written))
    }

    fn named(&self, written: &str) -> Option<Arc<[Named]>> {
        let named = self.operations(written).into_iter();
        let named =
            named.map(|(api, operation)| Named { api: api.name.clone(), operation: operation.name.clone() });
        let named: Arc<[Named]> = named.collect();
        (!named.is_empty()).then_some(named)
    }

    /// That there is no such operation, and which was most likely meant.
    pub(crate) fn no_operation(&self, written: &str) -> String {
        let names =
            self.apis.iter().flat_map(|api| api.contract.operations()).map(|operation| &*operation.name);
        let near = nearest(written, names.chain(Endpoint::ALL.map(Endpoint::as_str)));
        let hint = near.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        let written: String = written.chars().take(100).collect();
        format!("there is no operation `{written}`{hint}")
    }

    pub(crate) fn apis(&self) -> &[Api] {
        &self.apis
    }

    /// Whether there is such a persona; if not, who there is.
    pub(crate) fn persona(&self, name: &str) -> Result<(), String> {
        let directory = self.desk.directory();
        if directory.account(name).is_some() {
            return Ok(());
        }
        let known: Vec<_> = directory.accounts().iter().map(|account| account.name.as_str()).collect();
        let name: String = name.chars().take(100).collect();
        Err(format!("there is no persona `{name}`; there are: {}", known.join(", ")))
    }
}

/// An API as operations are named by it.
fn of(api: &Api) -> contract::Named<'_> {
    contract::Named { api: &api.name, bases: &api.bases, contract: &api.contract }
}
