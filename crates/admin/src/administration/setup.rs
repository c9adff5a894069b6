use bytes::Bytes;
use http::{HeaderMap, Method, Response, header};
use identity::{
    names::{email_key, name_key},
    password::{About, Foreseen, Refusals},
};
use serde_json::{Map, Value};
use store::User;
use url::form_urlencoded;

use super::{Call, Refused, Role, created, shown, users::Wish};
use crate::{body::Members, refusal::ok};

/// Draws the pages of the first setup; the roof hands it in.
pub trait SetupPages: Send + Sync {
    /// A page, in the language of whoever asks.
    fn draw(&self, headers: &HeaderMap, page: SetupPage<'_>) -> Response<Bytes>;
}

/// One of the pages.
#[derive(Debug)]
pub enum SetupPage<'a> {
    /// The form.
    Form {
        /// Where it is posted.
        action: &'a str,
        /// The name that was typed.
        name: &'a str,
        /// The address that was typed.
        email: &'a str,
        /// What was wrong with it.
        problems: Vec<SetupProblem>,
    },
    /// What is said of a password while it is typed: no page, but what a script of it shows.
    Strength(Foreseen),
    /// It is made.
    Done,
    /// The link opens nothing any more.
    Over,
    /// It cannot be done now.
    Busy(String),
}

/// What was wrong with what was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetupProblem {
    /// That can be no name.
    Name,
    /// That is no address.
    Email,
    /// Neither a name nor an address.
    Nobody,
    /// The password may not be one.
    Password(Refusals),
}

/// What the form brought.
#[derive(Default)]
struct Typed {
    name: String,
    email: String,
    password: String,
}

impl Call<'_> {
    /// The one-time door to the first account: `GET` says that it is open, `POST` makes the owner. A browser gets
    /// and posts a page with a form, a program JSON.
    pub(super) async fn setup(&self, rest: &str) -> Result<Response<Bytes>, Refused> {
        let (token, below) = rest.split_once('/').map_or((rest, None), |(token, below)| (token, Some(below)));
        let method = self.request.method();
        let is_page = below.is_some() || self.is_form() || (*method == Method::GET && self.wants_html());
        match self.door(token, below, is_page).await {
            // What a program is told in JSON, a person is told on a page.
            Err(Refused::Absent(_)) if is_page => Ok(self.draw(SetupPage::Over)),
            Err(Refused::Busy) if is_page => Ok(self.draw(SetupPage::Busy(self.id.to_string()))),
            answered => answered,
        }
    }

    async fn door(
        &self,
        token: &str,
        below: Option<&str>,
        is_page: bool,
    ) -> Result<Response<Bytes>, Refused> {
        let (office, hash) = (self.office, shown::secret_hash(token));
        if !office.store.is_setup(&office.realm, hash, self.now).await? {
            return Err(closed());
        }
        match (self.request.method(), below) {
            (&Method::GET, None) if is_page => Ok(self.form(token, &Typed::default(), Vec::new())),
            (&Method::GET, None) => Ok(ok(&serde_json::json!({
                "open": true,
                "takes": "POST with application/json: name, email, password",
            }))),
            (&Method::POST, None) if is_page => self.typed_in(token, hash).await,
            (&Method::POST, None) => {
                super::actor::refuse_pages(self.request.headers())?;
                let members = Members::read(self.request, &["name", "email", "password"])?;
                let (wish, told) = Wish::read(members)?;
                Ok(created(&shown::user(&self.make_owner(hash, wish, told).await?)))
            }
            (&Method::POST, Some("strength")) => {
                let typed = Typed::read(self.request.body());
                let foreseen = office.policy.foresee(&typed.password, &typed.about());
                Ok(self.draw(SetupPage::Strength(foreseen)))
            }
            (_, Some("strength")) => Err(Refused::Method(&[Method::POST])),
            (_, Some(_)) => Err(closed()),
            (_, None) => Err(Refused::Method(&[Method::GET, Method::POST])),
        }
    }

    /// The form was sent. No other site can: it would have to know the token, which is in the path.
    async fn typed_in(&self, token: &str, hash: store::Hash) -> Result<Response<Bytes>, Refused> {
        let typed = Typed::read(self.request.body());
        let mut problems = Vec::new();
        let mut wish = Wish { password: Some(typed.password.clone()), ..Wish::default() };
        match name_key(&typed.name) {
            _ if typed.name.is_empty() => {}
            Ok(key) => wish.name = Some((typed.name.clone(), key.as_str().to_owned())),
            Err(_) => problems.push(SetupProblem::Name),
        }
        match email_key(&typed.email) {
            _ if typed.email.is_empty() => {}
            Ok(key) => wish.email = Some((typed.email.clone(), key.as_str().to_owned())),
            Err(_) => problems.push(SetupProblem::Email),
        }
        if typed.name.is_empty() && typed.email.is_empty() {
            problems.push(SetupProblem::Nobody);
        }
        // Every problem at once: the password is looked at, too.
        if let Err(refusals) = self.office.policy.judge(&typed.password, &typed.about()).await {
            problems.push(SetupProblem::Password(refusals));
        }
        if !problems.is_empty() {
            return Ok(self.form(token, &typed, problems));
        }
        let mut told = Map::new();
        for (name, value) in [("name", &typed.name), ("email", &typed.email)] {
            if !value.is_empty() {
                told.insert(name.to_owned(), value.as_str().into());
            }
        }
        self.make_owner(hash, wish, told).await?;
        Ok(self.draw(SetupPage::Done))
    }

    async fn make_owner(
        &self,
        hash: store::Hash,
        mut wish: Wish,
        mut told: Map<String, Value>,
    ) -> Result<User, Refused> {
        let office = self.office;
        if wish.password.as_deref().is_none_or(str::is_empty) {
            return Err(Refused::wrong("the first owner has a `password`"));
        }
        let owner = Role::Owner.as_str().to_owned();
        told.insert("roles".to_owned(), Value::from(vec![owner.clone()]));
        wish.roles = Some([owner].into());
        // Made first: who is refused may come again. Of two at once, one finds the door closed.
        let user = self.make_user(wish, told).await?;
        if office.store.spend_setup(&office.realm, hash, self.now).await? {
            return Ok(user);
        }
        let until = office.until(self.now);
        office.store.remove_user(&office.realm, &user.id, self.now, until).await?;
        Err(closed())
    }

    fn form(&self, token: &str, typed: &Typed, problems: Vec<SetupProblem>) -> Response<Bytes> {
        let action = format!("{}{token}", super::SETUP);
        let (name, email) = (typed.name.as_str(), typed.email.as_str());
        self.draw(SetupPage::Form { action: &action, name, email, problems })
    }

    fn draw(&self, page: SetupPage<'_>) -> Response<Bytes> {
        self.office.pages.draw(self.request.headers(), page)
    }

    fn is_form(&self) -> bool {
        let media = self.header(header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim();
        media.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }

    fn wants_html(&self) -> bool {
        self.header(header::ACCEPT).to_ascii_lowercase().contains("text/html")
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.request.headers().get(name).and_then(|field| field.to_str().ok()).unwrap_or_default()
    }
}

impl Typed {
    fn read(body: &[u8]) -> Self {
        let mut typed = Self::default();
        for (name, value) in form_urlencoded::parse(body).take(10) {
            match &*name {
                "name" => value.trim().clone_into(&mut typed.name),
                "email" => value.trim().clone_into(&mut typed.email),
                "new" => value.as_ref().clone_into(&mut typed.password),
                _ => {}
            }
        }
        typed
    }

    fn about(&self) -> About<'_> {
        About { name: &self.name, email: Some(&*self.email).filter(|email| !email.is_empty()), also: &[] }
    }
}

fn closed() -> Refused {
    Refused::Absent("this setup link was used, is over, or never was".to_owned())
}
