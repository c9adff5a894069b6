//! Every page in every state, of friendly or of hostile values: rendered by the tests, by the example `pages`
//! into a folder to look at, and to prove a service's own templates.

use std::time::Duration;

use http::StatusCode;
use model::Timestamp;

use super::{
    AccountPage, App, AppPasswordLine, AppPasswords, Authenticator, AuthenticatorSetUp, CodeProblem, Consent,
    Device, DeviceCode, DeviceConfirm, DeviceDone, FactorNeeded, FactorProblem, Failure, FailureKind, Field,
    Form, FormKind, Happened, Input, Mailbox, Notice, NoticeKind, Page, PasskeyAsked, PasskeyLine,
    PasskeyOffer, Passkeys, PasskeysProblem, Permission, Persona, RecoveryCodes, SecondFactor, SignIn,
    SignInProblem, SignOut, SignedOut, Text, Ticket, Unknown, Waited, Who,
};

/// The texts that strangers choose.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Strangers<'a> {
    pub(crate) app: &'a str,
    pub(crate) user: &'a str,
    pub(crate) about: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) text: &'a str,
    pub(crate) redirect: &'a str,
    pub(crate) home: &'a str,
    pub(crate) detail: &'a str,
}

/// What a bookshop would have.
pub(crate) const FRIENDLY: Strangers<'static> = Strangers {
    app: "Bookshop",
    user: "alice",
    about: "reader · books:read · plan free",
    scope: "orders:write",
    text: "change your orders",
    redirect: "https://app.example.com/callback",
    home: "https://bookshop.example.com/",
    detail: "https://app.example.com.evil.example/callback",
};

/// What strangers would write to leave the text.
pub(crate) const HOSTILE: Strangers<'static> = Strangers {
    app: NASTY,
    user: NASTY,
    about: NASTY,
    scope: NASTY,
    text: NASTY,
    redirect: "https://app.example.com/\"><script>alert(1)</script>",
    home: "https://app.example.com/\"><script>alert(1)</script>",
    detail: NASTY,
};

const NASTY: &str =
    "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}{% raw %}${x}&amp;\u{202e}\u{7}";

/// Shows every page, with its name, to `look`.
pub(crate) fn each(strangers: &Strangers<'_>, look: &mut dyn FnMut(&str, &dyn Page)) {
    let s = *strangers;
    let app = App { name: s.app, redirect: Some(s.redirect), home: Some(s.home) };
    let ticket = Ticket { action: "/_lobby/sign-in", request: s.detail, token: s.detail };
    sign_in(s, app, ticket, look);
    consent(s, app, ticket, look);
    device(s, app, ticket, look);
    factors(s, app, ticket, look);
    look("sign-out", &SignOut { app: Some(app), ticket, user: s.user });
    look("sign-out-no-app", &SignOut { app: None, ticket, user: s.user });
    look("signed-out", &SignedOut { app: Some(app) });
    look("signed-out-no-app", &SignedOut { app: None });
    accounts(s, app, ticket, look);
    failures(s, app, look);
}

fn accounts(s: Strangers<'_>, app: App<'_>, ticket: Ticket<'_>, look: &mut dyn FnMut(&str, &dyn Page)) {
    let device = |sid, is_this| Device {
        sid,
        agent: s.about,
        address: s.detail,
        seen: Duration::from_secs(90),
        is_this,
    };
    let happened =
        Happened { what: "sign-in", ago: Duration::from_secs(90), agent: s.about, address: s.detail };
    look(
        "account",
        &AccountPage {
            ticket,
            own: "/_lobby/account",
            name: s.user,
            email: Some((s.detail, false)),
            passkeys: 2,
            totp: Some(true),
            codes: Some(10),
            app_passwords: true,
            devices: &[device("a", true), device(s.text, false)],
            apps: &[(s.text, s.app, s.scope)],
            happened: &[happened],
        },
    );
    let input = |name, input, value, fixed| Field { name, input, value, fixed };
    let kinds = [
        ("setup", FormKind::Setup),
        ("sign-up", FormKind::SignUp),
        ("sign-up-confirm", FormKind::SignUpConfirm),
        ("invited", FormKind::Invited),
        ("reset", FormKind::Reset),
        ("reset-choose", FormKind::ResetChoose),
        ("change-password", FormKind::ChangePassword),
        ("must-change", FormKind::MustChange),
        ("change-email", FormKind::ChangeEmail),
        ("email-confirm", FormKind::EmailConfirm),
        ("delete", FormKind::Delete),
    ];
    for (name, kind) in kinds {
        look(
            name,
            &Form {
                kind,
                app,
                ticket,
                link: Some(s.detail),
                fields: vec![
                    input("username", Input::Username, s.user, true),
                    input("name", Input::Name, s.user, false),
                    input("email", Input::Email, s.detail, false),
                    input("email-2", Input::EmailIfAny, s.detail, false),
                    input("current", Input::CurrentPassword, "", false),
                    input("new", Input::NewPassword, "", false),
                ],
                problems: vec![Text::counted("password.too_short", 12), Text::plain("password.breached")],
                instead: Some(("account.back", s.home)),
                status: StatusCode::UNPROCESSABLE_ENTITY,
            },
        );
    }
    for (name, kind) in [
        ("look-into-mail", NoticeKind::LookIntoMail),
        ("link-over", NoticeKind::LinkOver),
        ("sign-up-closed", NoticeKind::SignUpClosed),
        ("no-mail", NoticeKind::NoMail),
        ("reset-closed", NoticeKind::ResetClosed),
        ("password-changed", NoticeKind::PasswordChanged),
        ("email-changed", NoticeKind::EmailChanged),
        ("email-confirmed-now", NoticeKind::EmailConfirmed),
        ("deleted", NoticeKind::Deleted),
        ("set-up", NoticeKind::SetUp),
        ("setup-over", NoticeKind::SetupOver),
    ] {
        look(name, &Notice { app, kind, status: StatusCode::OK });
    }
}

fn sign_in(s: Strangers<'_>, app: App<'_>, ticket: Ticket<'_>, look: &mut dyn FnMut(&str, &dyn Page)) {
    let personas = [
        Persona { name: s.user, about: Some(s.about), disabled: false },
        Persona { name: "guest", about: None, disabled: false },
        Persona { name: "suspended", about: Some(s.about), disabled: true },
    ];
    let plain = SignIn {
        app,
        ticket,
        label: "sign_in.name",
        who: Who::Anyone,
        personas: &[],
        problem: None,
        passkey: None,
        unknown: None,
        sign_up: Some(s.home),
        reset: Some(s.home),
    };
    let pause = Duration::from_secs(900);
    let now = Timestamp::from_seconds(1_795_530_780);
    look("sign-in", &plain);
    look("sign-in-mock", &SignIn { personas: &personas, ..plain });
    look("sign-in-hint", &SignIn { who: Who::Suggested(s.user), ..plain });
    look("sign-in-again", &SignIn { who: Who::Only(s.user), ..plain });
    let locked = SignInProblem::Locked { until: now.plus(Duration::from_secs(720)), now };
    for (name, problem) in [
        ("sign-in-incomplete", SignInProblem::Incomplete),
        ("sign-in-wrong", SignInProblem::Wrong { left: 2, pause }),
        ("sign-in-locked", locked),
        ("sign-in-paused", SignInProblem::Paused { until: now.plus(pause), now }),
        ("sign-in-disabled", SignInProblem::Disabled),
        ("sign-in-forged", SignInProblem::Forged),
        ("sign-in-waited", SignInProblem::Waited),
        ("sign-in-busy", SignInProblem::Busy),
    ] {
        let who = Who::Suggested(s.user);
        look(name, &SignIn { personas: &personas, who, problem: Some(problem), ..plain });
    }
}

fn factors(s: Strangers<'_>, app: App<'_>, ticket: Ticket<'_>, look: &mut dyn FnMut(&str, &dyn Page)) {
    let asked = PasskeyAsked { options: s.detail, ceremony: s.detail };
    let unknown = Unknown { rp_id: s.detail.to_owned(), id: s.detail.to_owned() };
    let plain = SignIn {
        app,
        ticket,
        label: "sign_in.name",
        who: Who::Anyone,
        personas: &[],
        problem: None,
        passkey: Some(asked),
        unknown: None,
        sign_up: None,
        reset: None,
    };
    look("sign-in-passkey", &plain);
    let problem = Some(SignInProblem::PasskeyUnknown);
    look("sign-in-passkey-unknown", &SignIn { problem, unknown: Some(&unknown), ..plain });
    look("sign-in-passkey-wrong", &SignIn { problem: Some(SignInProblem::Passkey), ..plain });
    look("sign-in-passkey-unverified", &SignIn { problem: Some(SignInProblem::PasskeyUnverified), ..plain });
    let now = Timestamp::from_seconds(1_795_530_780);
    let second = SecondFactor {
        app,
        ticket,
        user: s.user,
        totp: true,
        codes: true,
        mailbox: None,
        remember: Some(Duration::from_secs(30 * 86_400)),
        passkey: Some(asked),
        problem: None,
    };
    look("factor", &second);
    look("factor-code", &SecondFactor { passkey: None, ..second });
    look("factor-passkey", &SecondFactor { totp: false, codes: false, remember: None, ..second });
    let (passkey, totp) = (None, false);
    let mailbox = Mailbox { address: s.detail, sent: false };
    let mail = SecondFactor { mailbox: Some(mailbox), totp, passkey, ..second };
    let sent = SecondFactor { mailbox: Some(Mailbox { sent: true, ..mailbox }), codes: false, ..mail };
    look("factor-mail", &mail);
    look("factor-mail-sent", &sent);
    let problem = |problem| SecondFactor { problem: Some(problem), ..sent };
    look("factor-mail-wrong", &problem(FactorProblem::MailedWrong));
    look("factor-mails", &problem(FactorProblem::Mails));
    for (name, problem) in [
        ("factor-wrong", FactorProblem::Wrong),
        ("factor-passkey-wrong", FactorProblem::Passkey),
        ("factor-missing", FactorProblem::Missing),
        ("factor-locked", FactorProblem::Locked { until: now.plus(Duration::from_secs(720)), now }),
    ] {
        look(name, &SecondFactor { problem: Some(problem), ..second });
    }
    look("factor-needed", &FactorNeeded { app, ticket, passkey: false });
    look("factor-needed-passkey", &FactorNeeded { app, ticket, passkey: true });
    look("passkey-offer", &PasskeyOffer { ticket, user: s.user, passkey: asked });
    enrolments(s, ticket, asked, look);
}

fn enrolments(
    s: Strangers<'_>,
    ticket: Ticket<'_>,
    asked: PasskeyAsked<'_>,
    look: &mut dyn FnMut(&str, &dyn Page),
) {
    let line = PasskeyLine {
        id: s.detail,
        name: s.user,
        since: "2027-01-15",
        used: Some("2027-02-01"),
        synced: true,
        fixed: false,
    };
    let lines = [line, PasskeyLine { used: None, synced: false, fixed: true, ..line }];
    let passkeys = Passkeys {
        ticket,
        user: s.user,
        passkeys: &lines,
        add: Some(asked),
        signal: Some(s.detail),
        problem: None,
    };
    look("passkeys", &passkeys);
    look("passkeys-none", &Passkeys { passkeys: &[], add: None, signal: None, ..passkeys });
    for (name, problem) in [
        ("passkeys-make", PasskeysProblem::Make),
        ("passkeys-unverified", PasskeysProblem::Unverified),
        ("passkeys-refused", PasskeysProblem::Refused),
        ("passkeys-last", PasskeysProblem::Last),
        ("passkeys-owner", PasskeysProblem::LastOwner),
    ] {
        look(name, &Passkeys { problem: Some(problem), ..passkeys });
    }
    let fours = ["MZXW", "6YTB"];
    let set_up = AuthenticatorSetUp { uri: s.detail, qr: Some((33, "M4 4h7v1h-7z")), fours: &fours };
    let there = Authenticator {
        ticket,
        user: s.user,
        since: Some("2027-01-15"),
        set_up: None,
        removable: true,
        wrong: false,
    };
    look("authenticator", &there);
    look("authenticator-fixed", &Authenticator { since: None, removable: false, ..there });
    look("authenticator-new", &Authenticator { since: None, set_up: Some(set_up), ..there });
    look("authenticator-wrong", &Authenticator { since: None, set_up: Some(set_up), wrong: true, ..there });
    let new = ["k7mq-2p9d-xw4t-h0ne-83vb-r5sa".to_owned(), s.detail.to_owned()];
    let codes =
        RecoveryCodes { ticket, user: s.user, left: 7, new: &[], offered: true, wrong: false, later: false };
    look("codes", &codes);
    look("codes-later", &RecoveryCodes { left: 0, later: true, ..codes });
    look("codes-new", &RecoveryCodes { new: &new, later: true, ..codes });
    look("codes-wrong", &RecoveryCodes { new: &new, wrong: true, ..codes });
    look("codes-off", &RecoveryCodes { offered: false, ..codes });
    app_passwords(s, ticket, look);
}

fn app_passwords(s: Strangers<'_>, ticket: Ticket<'_>, look: &mut dyn FnMut(&str, &dyn Page)) {
    let line = AppPasswordLine {
        id: "k7mq2p9d",
        name: s.detail,
        scopes: s.scope,
        since: "2027-01-15",
        until: Some("2027-04-15"),
    };
    let may = [Permission { scope: s.scope, text: Some(s.detail), optional: true, ticked: false }];
    let passwords = AppPasswords { ticket, user: s.user, passwords: &[line], made: None, scopes: Some(&may) };
    look("app-passwords", &passwords);
    look("app-passwords-made", &AppPasswords { made: Some("lk_k7mq2p9d_secret"), ..passwords });
    look("app-passwords-full", &AppPasswords { scopes: None, ..passwords });
}

fn consent(s: Strangers<'_>, app: App<'_>, ticket: Ticket<'_>, look: &mut dyn FnMut(&str, &dyn Page)) {
    let must = Permission { scope: s.scope, text: Some(s.text), optional: false, ticked: false };
    let may = Permission { scope: "email", text: Some("read your e-mail address"), optional: true, ..must };
    let bare = Permission { text: None, ..must };
    let new = [must, bare, may, Permission { ticked: true, ..may }];
    let already = [Permission { text: Some("read books"), ..must }, bare];
    look("consent", &Consent { app, ticket, user: s.user, new: &new, already: &[] });
    look("consent-more", &Consent { app, ticket, user: s.user, new: &[must, may], already: &already });
    look("consent-nothing", &Consent { app, ticket, user: s.user, new: &[], already: &[] });
}

fn device(s: Strangers<'_>, app: App<'_>, ticket: Ticket<'_>, look: &mut dyn FnMut(&str, &dyn Page)) {
    let empty = DeviceCode { ticket, code: None, problem: None };
    let wait = Duration::from_secs(45);
    look("device-code", &empty);
    for (name, problem) in [
        ("device-code-unknown", CodeProblem::Unknown),
        ("device-code-too-many", CodeProblem::TooMany { wait }),
        ("device-code-forged", CodeProblem::Forged),
    ] {
        look(name, &DeviceCode { code: Some(s.detail), problem: Some(problem), ..empty });
    }
    let asked = Duration::from_secs(60);
    let scopes = [Permission { scope: s.scope, text: Some(s.text), optional: false, ticked: false }];
    let confirm = DeviceConfirm {
        app: App { redirect: None, ..app },
        ticket,
        code: "WDJB-MJHT",
        user: s.user,
        asked,
        from: Some("203.0.113.7"),
        scopes: &scopes,
    };
    look("device-confirm", &confirm);
    look("device-confirm-bare", &DeviceConfirm { from: None, scopes: &[], ..confirm });
    look("device-connected", &DeviceDone { app, connected: true });
    look("device-refused", &DeviceDone { app, connected: false });
}

fn failures(s: Strangers<'_>, app: App<'_>, look: &mut dyn FnMut(&str, &dyn Page)) {
    look("waited", &Waited { app, again: "/_lobby/oauth/authorize?client_id=shop&state=a%26b" });
    let unproven = App { redirect: None, ..app };
    for (name, app, kind) in [
        ("error-redirect", Some(unproven), FailureKind::RedirectUnregistered { redirect: s.detail }),
        ("error-client", None, FailureKind::ClientUnknown { client: s.detail }),
        ("error-request", Some(unproven), FailureKind::Request { detail: s.detail }),
        ("error-request-no-app", None, FailureKind::Request { detail: s.detail }),
        ("error-forged", None, FailureKind::Forged),
        ("error-missing", None, FailureKind::Missing),
        ("error-busy", Some(unproven), FailureKind::Busy),
        ("error-too-many", None, FailureKind::TooMany { wait: Duration::from_secs(90) }),
        ("error-fault", Some(unproven), FailureKind::Fault),
    ] {
        look(name, &Failure { app, kind, reference: "req_7f3a" });
    }
}
