//! What every page that we answer with has in common: the form's token, the cookies, the frame.

use std::sync::Arc;

use http::{HeaderValue, header};
use identity::{Cookie, cookie_name};
use jose::{base64url, digest};
use store::Session;
use subtle::ConstantTimeEq;

use crate::{
    answer::{Answer, empty},
    factor,
    pages::{self, App, Failure, FailureKind, Frame, Language, Page, Ticket},
    parameters::Parameters,
    seal::{Errand, Sealed},
    server::Call,
    settings::Client,
};

/// How long a page may lie about before its form is sent, by the sandbox's clock.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(3600);

/// What a sealed request turned out to be.
pub(crate) enum Opened {
    Errand(Errand),
    /// Genuine, but too old.
    Waited(Errand),
    /// None of ours.
    Forged,
}

/// What the forms of one page carry; keeps its texts alive while the page is rendered.
pub(crate) struct Form {
    action: String,
    sealed: String,
    token: String,
    cookie: Option<HeaderValue>,
}

impl Form {
    pub(crate) fn ticket(&self) -> Ticket<'_> {
        Ticket { action: &self.action, request: &self.sealed, token: &self.token }
    }
}

impl Call<'_> {
    /// The form of a page: sealed errand, and a token that only this browser can send (attacks.md, A07).
    pub(crate) fn form(&self, path: &str, errand: Errand) -> Form {
        let (browser, cookie) = if let Some(browser) = self.cookie(Cookie::Form) {
            (browser.to_owned(), None)
        } else {
            let browser = base64url::encode(self.server.random::<16>());
            let cookie = self.set_cookie(Cookie::Form, &browser, None);
            (browser, cookie)
        };
        let sealed = Sealed { at: self.visit.now, errand };
        Form {
            action: self.visit.path(path),
            // Empty only when the library fails: then the form leads nowhere.
            sealed: sealed.seal(&self.key("sealed request")).unwrap_or_default(),
            token: self.form_token(&browser),
            cookie,
        }
    }

    /// Whether a form comes from a page that this browser was shown.
    pub(crate) fn is_own_form(&self, form: &Parameters) -> bool {
        let Some(browser) = self.cookie(Cookie::Form) else { return false };
        let sent = form.text(pages::field::TOKEN);
        self.form_token(browser).as_bytes().ct_eq(sent.as_bytes()).into()
    }

    fn form_token(&self, browser: &str) -> String {
        base64url::encode(digest::hmac_sha256(&self.key("form token"), browser))
    }

    pub(crate) fn opened(&self, form: &Parameters) -> Opened {
        match Sealed::open(form.text(pages::field::REQUEST), &self.key("sealed request")) {
            None => Opened::Forged,
            Some(sealed) if self.visit.now.since(sealed.at) > PATIENCE => Opened::Waited(sealed.errand),
            Some(sealed) => Opened::Errand(sealed.errand),
        }
    }

    /// The value of one of our cookies; none where it is there twice: one of them was planted.
    pub(crate) fn cookie(&self, cookie: Cookie) -> Option<&str> {
        let name = cookie_name(cookie, self.visit.secure, self.visit.port, &self.visit.sandbox);
        let fields = self.headers.get_all(header::COOKIE).iter().filter_map(|field| field.to_str().ok());
        let pairs = fields.flat_map(|field| field.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut found = pairs.filter(|(other, _)| *other == name).map(|(_, value)| value);
        match (found.next(), found.next()) {
            (Some(value), None) if !value.is_empty() => Some(value),
            (Some(_) | None, _) => None,
        }
    }

    /// A `Set-Cookie` (control.md, default 12); `seconds` of 0 takes the cookie away.
    pub(crate) fn set_cookie(
        &self,
        cookie: Cookie,
        value: &str,
        seconds: Option<u64>,
    ) -> Option<HeaderValue> {
        let name = cookie_name(cookie, self.visit.secure, self.visit.port, &self.visit.sandbox);
        let secure = if self.visit.secure { "; Secure" } else { "" };
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        HeaderValue::try_from(text).ok()
    }

    /// Who is signed in in this browser.
    pub(crate) async fn session(&self) -> Result<Option<Arc<Session>>, store::Fault> {
        let Some(cookie) = self.cookie(Cookie::Session) else { return Ok(None) };
        let found = self.server.sessions.find(&self.realm, cookie, self.visit.now).await?;
        let Some(found) = found else { return Ok(None) };
        let Some(account) = self.people().of_id(&found.subject).await? else { return Ok(None) };
        // Whoever changed the password did not mean those to stay who know the old one.
        if account.password_version != found.password_version {
            return Ok(None);
        }
        self.speaks(&account.name);
        Ok(Some(found))
    }

    pub(crate) fn page(&self, page: &dyn Page, form: Option<&Form>, locales: Option<&str>) -> Answer {
        self.page_with(page, form, locales, None)
    }

    /// A page whose form goes on with what waits: it may end in a redirect to an app, which browsers hold against
    /// the page's policy.
    pub(crate) async fn page_before(
        &self,
        page: &(dyn Page + Sync),
        form: &Form,
        then: Option<&Errand>,
    ) -> Answer {
        let place = match then {
            Some(then) => Some(factor::app(self, then).await),
            None => None,
        };
        let back =
            place.as_ref().map(|(name, redirect)| App { name, redirect: redirect.as_deref(), home: None });
        self.page_with(page, Some(form), None, back)
    }

    fn page_with(
        &self,
        page: &dyn Page,
        form: Option<&Form>,
        locales: Option<&str>,
        back: Option<App<'_>>,
    ) -> Answer {
        let sandbox = &self.visit.sandbox;
        let [sign_in, sign_out] =
            ["/_lobby/sign-in", "/_lobby/oauth/logout"].map(|path| self.visit.path(path));
        let is_signed_in = self.speaker.get().is_some() && page.template() != "sign_out.html";
        let frame = Frame {
            language: self.language(locales),
            base: self.visit.base(),
            sandbox: (!sandbox.is_main()).then(|| sandbox.as_str()),
            service: &self.settings.accounts.name,
            back,
            sign_in: &sign_in,
            sign_out: is_signed_in.then_some(&*sign_out),
        };
        let mut answer = pages::answer(&frame, page);
        if let Some(cookie) = form.and_then(|form| form.cookie.clone()) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
        answer
    }

    /// What somebody reads: what the app asks for before what the browser does.
    pub(crate) fn language(&self, locales: Option<&str>) -> Language<'_> {
        let accepted = self.headers.get(header::ACCEPT_LANGUAGE).and_then(|field| field.to_str().ok());
        self.settings.brand.language(locales, accepted)
    }

    /// The error page, for what must not or cannot be told to an app.
    pub(crate) fn failure(&self, kind: FailureKind<'_>) -> Answer {
        let reference = self.visit.request_id.to_string();
        self.page(&Failure { app: None, kind, reference: &reference }, None, None)
    }

    /// The page for a store that failed: later it works, or it is a fault of ours.
    pub(crate) fn fault(&self, fault: &store::Fault) -> Answer {
        self.failure(if fault.is_passing() { FailureKind::Busy } else { FailureKind::Fault })
    }
}

/// What an app is called on a page.
pub(crate) fn app<'a>(client: &'a Client, redirect: Option<&'a str>) -> App<'a> {
    App { name: client.name.as_deref().unwrap_or(&client.id), redirect, home: client.home.as_deref() }
}

/// A page that posts itself to the app (OAuth 2.0 Form Post Response Mode 2): the one script of ours, by its
/// hash; without script there is a button.
pub(crate) fn form_post(redirect: &str, parameters: &[(&str, &str)]) -> Answer {
    const SCRIPT: &str = "document.forms[0].submit()";
    let escape = |text: &str| {
        text.replace('&', "&amp;")
            .replace('"', "&quot;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('\'', "&#39;")
    };
    let field = |(name, value): &(&str, &str)| {
        ["<input type=\"hidden\" name=\"", &escape(name), "\" value=\"", &escape(value), "\">\n"].concat()
    };
    let fields: String = parameters.iter().map(field).collect();
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Going on</title></head>\n<body>\n\
         <form method=\"post\" action=\"{}\">\n{fields}<noscript><button type=\"submit\">Continue</button></noscript>\n\
         </form>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        escape(redirect)
    );
    let mut answer = empty(http::StatusCode::OK);
    *answer.body_mut() = html.into();
    let hash = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest::sha256(SCRIPT));
    let origin = source(redirect).unwrap_or_else(|| "'none'".to_owned());
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; frame-ancestors 'none'; form-action {origin}"
    );
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'")),
    );
    answer
}

/// The source for `form-action`: the redirect's origin, or the scheme of an app.
fn source(redirect: &str) -> Option<String> {
    let url = url::Url::parse(redirect).ok()?;
    match url.scheme() {
        "http" | "https" => Some(url.origin().ascii_serialization()),
        scheme => Some(format!("{scheme}:")),
    }
}
