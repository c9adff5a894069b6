//! The page of the first start, on which the first account is made. It is shown by the admin listener, where
//! there are neither sandboxes nor sessions: whoever has its link may do it, once.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use identity::password::Foreseen;

use crate::{
    answer::json_answer,
    pages::{
        self, App, Brand, Failure, FailureKind, Field, Form, FormKind, Frame, Input, Language, Notice,
        NoticeKind, Page, Text, Ticket,
    },
    strength,
};

/// Draws it.
pub struct SetupPage {
    /// What the service is called.
    pub name: String,
    /// How pages look and speak.
    pub brand: Arc<Brand>,
    /// Where the owner signs in.
    pub issuer: String,
}

impl SetupPage {
    /// The form, posted to `action`, with what was typed before and what was wrong with it.
    pub fn form(
        &self,
        headers: &HeaderMap,
        action: &str,
        (name, email): (&str, &str),
        problems: Vec<Text>,
    ) -> Response<Bytes> {
        let field = |name, input, value| Field { name, input, value, fixed: false };
        let page = Form {
            kind: FormKind::Setup,
            app: self.app(None),
            ticket: Ticket { action, request: "", token: "" },
            link: None,
            fields: vec![
                field("name", Input::Name, name),
                field("email", Input::EmailIfAny, email),
                field("new", Input::NewPassword, ""),
            ],
            instead: None,
            status: if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY },
            problems,
        };
        self.drawn(headers, &page)
    }

    /// It is made: where to sign in.
    pub fn done(&self, headers: &HeaderMap) -> Response<Bytes> {
        let home = format!("{}/_lobby/account/", self.issuer.trim_end_matches('/'));
        let kind = NoticeKind::SetUp;
        self.drawn(headers, &Notice { app: self.app(Some(&home)), kind, status: StatusCode::CREATED })
    }

    /// The link opens nothing any more.
    pub fn over(&self, headers: &HeaderMap) -> Response<Bytes> {
        let kind = NoticeKind::SetupOver;
        self.drawn(headers, &Notice { app: self.app(None), kind, status: StatusCode::GONE })
    }

    /// It cannot be done now; `reference` names the request.
    pub fn busy(&self, headers: &HeaderMap, reference: &str) -> Response<Bytes> {
        self.drawn(headers, &Failure { app: None, kind: FailureKind::Busy, reference })
    }

    /// What the page's script shows of a password.
    pub fn strength(&self, headers: &HeaderMap, foreseen: &Foreseen) -> Response<Bytes> {
        json_answer(StatusCode::OK, &strength::told(foreseen, self.language(headers)))
    }

    fn app<'a>(&'a self, home: Option<&'a str>) -> App<'a> {
        App { name: &self.name, redirect: None, home }
    }

    fn language(&self, headers: &HeaderMap) -> Language<'_> {
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|field| field.to_str().ok());
        self.brand.language(None, accepted)
    }

    fn drawn(&self, headers: &HeaderMap, page: &dyn Page) -> Response<Bytes> {
        let frame = Frame { language: self.language(headers), service: &self.name, ..Frame::default() };
        pages::answer(&frame, page)
    }
}
