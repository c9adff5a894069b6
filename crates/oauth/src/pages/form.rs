use http::StatusCode;
use identity::password::{Likeness, Refusal};
use minijinja::{Value, context};

use super::{App, Language, Page, Ticket, words};

/// A text of the translations, with what stands in its placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Its id.
    pub id: &'static str,
    /// `{count}`, which chooses the plural as well.
    pub count: Option<u64>,
}

impl Text {
    /// A text without placeholders.
    pub const fn plain(id: &'static str) -> Self {
        Self { id, count: None }
    }

    /// A text with a number.
    pub const fn counted(id: &'static str, count: u64) -> Self {
        Self { id, count: Some(count) }
    }

    /// Why a password is refused.
    pub fn of_refusal(refusal: &Refusal) -> Self {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        match refusal {
            Refusal::TooShort { least, .. } => Self::counted("password.too_short", count(*least)),
            Refusal::TooLong { most } => Self::counted("password.too_long", count(*most)),
            Refusal::Classes { least, .. } => Self::counted("password.classes", u64::from(*least)),
            Refusal::Breached => Self::plain("password.breached"),
            Refusal::BreachUnknown => Self::plain("password.breach_unknown"),
            Refusal::Like(Likeness::Name) => Self::plain("password.like_name"),
            Refusal::Like(Likeness::Email) => Self::plain("password.like_email"),
            Refusal::Like(Likeness::Service) => Self::plain("password.like_service"),
            Refusal::Guessable { .. } => Self::plain("password.guessable"),
        }
    }

    /// It, in a language.
    pub fn told(&self, language: Language<'_>) -> String {
        let count = self.count.map(|count| count.to_string());
        let text = language.words.text(self.id, self.count).unwrap_or_default();
        words::fill(text, |name| count.as_deref().filter(|_| name == "count"))
    }
}

/// What a field of a form is for: by it browsers and password managers know what belongs there (HTML,
/// autofill field names).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A name or address by which an account is found.
    Username,
    /// A name that is chosen.
    Name,
    /// An e-mail address.
    Email,
    /// An e-mail address, or none.
    EmailIfAny,
    /// The password that there is.
    CurrentPassword,
    /// A password that is chosen.
    NewPassword,
}

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name in the form.
    pub name: &'static str,
    /// What it is for.
    pub input: Input,
    /// What stands in it.
    pub value: &'a str,
    /// Whether it cannot be changed: it tells password managers whose form this is.
    pub fixed: bool,
}

/// What a form is for: half of the ids of its texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FormKind {
    /// Making the first account, the owner's.
    Setup,
    /// Making an account.
    SignUp,
    /// The link of the mail, after it.
    SignUpConfirm,
    /// The link of an invitation.
    Invited,
    /// Asking for a link to choose another password.
    Reset,
    /// Choosing it.
    ResetChoose,
    /// Choosing another password while signed in.
    ChangePassword,
    /// Choosing another one because the present one is no longer good enough.
    MustChange,
    /// Another e-mail address.
    ChangeEmail,
    /// The link of the mail, after it.
    EmailConfirm,
    /// Deleting the account.
    Delete,
}

impl FormKind {
    const fn id(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::SignUp => "sign_up",
            Self::SignUpConfirm => "sign_up_confirm",
            Self::Invited => "invited",
            Self::Reset => "reset",
            Self::ResetChoose => "reset_choose",
            Self::ChangePassword => "change_password",
            Self::MustChange => "must_change",
            Self::ChangeEmail => "change_email",
            Self::EmailConfirm => "email_confirm",
            Self::Delete => "delete",
        }
    }
}

/// A page with one form.
#[derive(Debug, Clone)]
pub struct Form<'a> {
    /// What it is for.
    pub kind: FormKind,
    /// Where the person comes from.
    pub app: App<'a>,
    /// What the form carries.
    pub ticket: Ticket<'a>,
    /// The token of a mail's link, where one led here.
    pub link: Option<&'a str>,
    /// Its fields, in order.
    pub fields: Vec<Field<'a>>,
    /// What was wrong with what was sent before.
    pub problems: Vec<Text>,
    /// Where another way leads: `sign_in.instead` and such, with its path.
    pub instead: Option<(&'static str, &'a str)>,
    /// The status of the answer.
    pub status: StatusCode,
}

impl Page for Form<'_> {
    fn template(&self) -> &'static str {
        "form.html"
    }

    fn values(&self) -> Value {
        // Where one goes on typing.
        let focus = self.fields.iter().position(|field| !field.fixed && field.value.is_empty());
        let field = |(place, field): (usize, &Field<'_>)| {
            let (label, kind, autocomplete) = match field.input {
                Input::Username => ("sign_in.name", "text", "username"),
                Input::Name => ("account.name", "text", "username"),
                Input::Email => ("account.email", "email", "email"),
                Input::EmailIfAny => ("account.email_if_any", "email", "email"),
                Input::CurrentPassword => ("account.current_password", "password", "current-password"),
                Input::NewPassword => ("account.new_password", "password", "new-password"),
            };
            let (name, value, fixed) = (field.name, field.value, field.fixed);
            let (required, is_new) = (field.input != Input::EmailIfAny, field.input == Input::NewPassword);
            context! {
                name, value, fixed, label, kind, autocomplete, required, is_new, focus => focus == Some(place),
            }
        };
        // A sandbox that is named in the query stays there.
        let query = self.ticket.action.split_once('?').map(|(_, query)| format!("?{query}"));
        let problem = |text: &Text| context! { id => text.id, count => text.count };
        context! {
            kind => self.kind.id(),
            app => self.app.values(),
            ticket => self.ticket.values(),
            link => self.link,
            fields => self.fields.iter().enumerate().map(field).collect::<Vec<_>>(),
            problems => self.problems.iter().map(problem).collect::<Vec<_>>(),
            asks => self.asks(),
            // Whoever makes the first account is on another listener than everybody else.
            strength => (self.kind == FormKind::Setup).then(|| format!("{}/strength", self.ticket.action)),
            query => query.unwrap_or_default(),
            instead => self.instead.map(|(text, path)| context! { text, path }),
        }
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }

    fn asks(&self) -> bool {
        self.fields.iter().any(|field| field.input == Input::NewPassword)
    }

    fn status(&self) -> StatusCode {
        self.status
    }
}

/// What a page tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A mail is under way, whoever has the address.
    LookIntoMail,
    /// A link is used, too old, or none.
    LinkOver,
    /// Nobody may make an account here.
    SignUpClosed,
    /// There are no mails here, and this needs one.
    NoMail,
    /// Nobody chooses another password by mail here.
    ResetClosed,
    /// The password is another one now.
    PasswordChanged,
    /// The address is another one now.
    EmailChanged,
    /// The address is known to be theirs now.
    EmailConfirmed,
    /// The account is gone.
    Deleted,
    /// The first account is made.
    SetUp,
    /// The way to the first account is shut.
    SetupOver,
}

/// A page that only tells something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice<'a> {
    /// Whose page it is.
    pub app: App<'a>,
    /// What it tells.
    pub kind: NoticeKind,
    /// The status of the answer.
    pub status: StatusCode,
}

impl Page for Notice<'_> {
    fn template(&self) -> &'static str {
        "notice.html"
    }

    fn values(&self) -> Value {
        let kind = match self.kind {
            NoticeKind::LookIntoMail => "look_into_mail",
            NoticeKind::LinkOver => "link_over",
            NoticeKind::SignUpClosed => "sign_up_closed",
            NoticeKind::NoMail => "no_mail",
            NoticeKind::ResetClosed => "reset_closed",
            NoticeKind::PasswordChanged => "password_changed",
            NoticeKind::EmailChanged => "email_changed",
            NoticeKind::EmailConfirmed => "email_confirmed",
            NoticeKind::Deleted => "deleted",
            NoticeKind::SetUp => "set_up",
            NoticeKind::SetupOver => "setup_over",
        };
        context! { app => self.app.values(), kind }
    }

    fn app(&self) -> Option<&App<'_>> {
        Some(&self.app)
    }

    fn status(&self) -> StatusCode {
        self.status
    }
}
