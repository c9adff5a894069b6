//! The admin API's letters, and the page of the first setup: as the sign-in pages write and draw theirs.

use std::sync::Arc;

use admin::{Caller, Office, Pending, Postbox, SetupPages, SetupProblem};
use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use model::Timestamp;
use oauth::pages::{Brand, Text};
use store::{Fault, User};

use crate::system::SystemEntropy;

/// Who writes them.
pub(crate) struct Letters(pub(crate) oauth::Postbox);

impl Postbox for Letters {
    fn invitation(&self, token: &str) -> Option<String> {
        self.0.invitation(token)
    }

    fn invite<'a>(
        &'a self,
        to: &'a str,
        link: &'a str,
        language: Option<&'a str>,
        now: Timestamp,
    ) -> Pending<'a, Result<bool, Fault>> {
        Box::pin(self.0.invite(to, link, language, now, &SystemEntropy))
    }

    fn reset(&self, user: &User, token: &str) -> Option<(String, bool)> {
        self.0.reset(user, token)
    }

    fn send_reset<'a>(
        &'a self,
        to: &'a User,
        link: &'a str,
        language: Option<&'a str>,
        now: Timestamp,
    ) -> Pending<'a, Result<(), Fault>> {
        Box::pin(self.0.send_reset(to, link, language, now, &SystemEntropy))
    }

    fn app_password_made<'a>(
        &'a self,
        user: &'a User,
        address: &'a str,
        now: Timestamp,
    ) -> Pending<'a, Result<(), Fault>> {
        Box::pin(self.0.app_password_made(user, address, now, &SystemEntropy))
    }

    fn factors_removed<'a>(
        &'a self,
        user: &'a User,
        address: &'a str,
        now: Timestamp,
    ) -> Pending<'a, Result<(), Fault>> {
        Box::pin(self.0.factors_removed(user, address, now, &SystemEntropy))
    }
}

/// Who draws the page of the first setup.
pub(crate) struct Setup(pub(crate) oauth::SetupPage);

impl SetupPages for Setup {
    fn draw(&self, headers: &HeaderMap, page: admin::SetupPage<'_>) -> Response<Bytes> {
        match page {
            admin::SetupPage::Form { action, name, email, problems } => {
                let texts = problems.iter().flat_map(texts).collect();
                self.0.form(headers, action, (name, email), texts)
            }
            admin::SetupPage::Strength(foreseen) => self.0.strength(headers, &foreseen),
            admin::SetupPage::Done => self.0.done(headers),
            admin::SetupPage::Over => self.0.over(headers),
            admin::SetupPage::Busy(reference) => self.0.busy(headers, &reference),
        }
    }
}

fn texts(problem: &SetupProblem) -> Vec<Text> {
    match problem {
        SetupProblem::Name => vec![Text::plain("setup.name_wrong")],
        SetupProblem::Email => vec![Text::plain("account.email_wrong")],
        SetupProblem::Nobody => vec![Text::plain("setup.nobody")],
        SetupProblem::Password(refusals) => refusals.iter().map(Text::of_refusal).collect(),
    }
}

/// The stylesheet and the scripts of that page, on the listener that it is on.
pub(crate) struct Assets(pub(crate) Arc<Brand>);

const ASSETS: &str = "/_lobby/assets/";

impl Office for Assets {
    fn takes(&self, path: &str) -> bool {
        path.starts_with(ASSETS)
    }

    fn answer(&self, request: Request<Bytes>, _: Caller) -> Pending<'_, Response<Bytes>> {
        let found = request.uri().path().strip_prefix(ASSETS).and_then(|name| self.0.asset(name));
        let answer = found.unwrap_or_else(|| {
            let mut answer = Response::new(Bytes::new());
            *answer.status_mut() = StatusCode::NOT_FOUND;
            answer
        });
        Box::pin(std::future::ready(answer))
    }
}
