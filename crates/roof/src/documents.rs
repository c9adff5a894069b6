//! `/_lobby/openapi.json`: the served documents, with their URLs pointed here, so that Swagger UI, Postman or a
//! generated client signs in against this mock.

use std::sync::Arc;

use arc_swap::ArcSwap;
use bytes::Bytes;
use contract::Pointers;
use gateway::Visit;
use guard::Code;
use http::{HeaderValue, Response, StatusCode, header};
use serde_json::json;

use crate::wire::{Base, Wired};

/// The documents of this generation.
pub(crate) struct Documents(ArcSwap<Vec<Wired>>);

impl Documents {
    pub(crate) fn new(apis: Vec<Wired>) -> Self {
        Self(ArcSwap::from_pointee(apis))
    }

    pub(crate) fn replace(&self, apis: Vec<Wired>) {
        self.0.store(Arc::new(apis));
    }

    pub(crate) fn apis(&self) -> Arc<Vec<Wired>> {
        self.0.load_full()
    }

    /// The document of `api`, or the only one.
    pub(crate) fn serve(&self, api: Option<&str>, visit: &Visit) -> Response<Bytes> {
        let apis = self.0.load();
        let found = match api {
            Some(name) => apis.iter().find(|api| &*api.name == name),
            None => apis.first().filter(|_| apis.len() == 1),
        };
        let Some(found) = found else { return missing(api, &apis, visit) };
        let document = found.contract.served_document(&pointers(found, &visit.issuer));
        answer(StatusCode::OK, "application/json", document.to_string())
    }
}

fn pointers(api: &Wired, issuer: &str) -> Pointers {
    let at = |path: &str| format!("{issuer}{path}");
    let of_document = |base: &&Base| base.whole || api.contract.bases().contains(&base.path);
    Pointers {
        servers: api.bases.iter().filter(of_document).map(|base| at(&base.path)).collect(),
        own: (!api.moved).then(|| issuer.to_owned()),
        authorize: at("/_lobby/oauth/authorize"),
        token: at("/_lobby/oauth/token"),
        device: at("/_lobby/oauth/device"),
        discovery: at("/.well-known/openid-configuration"),
    }
}

fn missing(asked: Option<&str>, apis: &[Wired], visit: &Visit) -> Response<Bytes> {
    let code = Code::OperationUnknown;
    let there: Vec<String> =
        apis.iter().map(|api| format!("{}/_lobby/openapi/{}.json", visit.issuer, api.name)).collect();
    let problem = json!({
        "type": format!("{}#{}", gateway::DOCS, code.anchor()),
        "title": if asked.is_some() { "There is no such document" } else { "There are several documents" },
        "status": 404,
        "detail": format!("The documents are: {}", there.join(", ")),
        "code": code.as_str(),
        "documents": there,
        "request_id": visit.id.to_string(),
    });
    let mut answer = answer(StatusCode::NOT_FOUND, "application/problem+json", problem.to_string());
    let code = HeaderValue::from_static(Code::OperationUnknown.as_str());
    answer.headers_mut().insert("lobby-verdict", code);
    answer
}

fn answer(status: StatusCode, kind: &'static str, body: String) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
