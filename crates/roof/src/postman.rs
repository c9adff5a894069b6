//! Sends the mails that the store keeps, over SMTP (RFC 5321). A mail is kept until a server has taken or refused it,
//! for a day at most, so that neither a restart nor a server that is away for hours loses one; of several nodes one
//! sends it.

use std::{path::Path, sync::Arc, time::Duration};

use arc_swap::ArcSwapOption;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, MultiPart},
    transport::smtp::authentication::Credentials,
};
use model::{Clock, Problem, Severity};
use serde_json::json;
use store::{DueMail, Store};

use crate::{
    bring,
    config::pages::{Mail, MailServer},
    gather::Gathering,
    report::Reporter,
    system::SystemClock,
};

/// How often the store is asked for mails that are due.
const EVERY: Duration = Duration::from_secs(1);
/// How long a server may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// While one is brought, no other server takes it.
const LEASE: Duration = Duration::from_secs(2 * PATIENCE.as_secs());
/// How many are sent between two questions.
const BATCH: u32 = 50;
/// A mail that nobody took for so long is given up: what it tells is no news by then.
const GIVEN_UP: Duration = Duration::from_secs(86_400);
/// The longest pause between two tries: so long after a server is back its mails come.
const LONGEST: Duration = Duration::from_secs(900);

/// Sends what is due by whoever brings mails just now, as long as the process lives.
pub(crate) async fn run(postman: Arc<ArcSwapOption<Postman>>, store: Store, reporter: Reporter) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(postman) = postman.load_full() else { continue };
        // A store that is away is asked again with the next tick.
        for due in store.due_mails(SystemClock.now(), BATCH).await.unwrap_or_default() {
            postman.bring(&store, &due, reporter).await;
        }
    }
}

/// Whoever brings mails to the server of lobby.yaml.
pub(crate) struct Postman {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Postman {
    /// The one that lobby.yaml asks for, or why there can be none.
    pub(crate) fn of(gathering: &Gathering) -> Result<Option<Arc<Self>>, Problem> {
        let Some(Mail::Smtp(server)) = &gathering.config.mail else { return Ok(None) };
        let wrong = |key: &str, message: String, help: &str| {
            gathering.wrong(&["mail", key], message, Some(help.to_owned()))
        };
        let from = server.from.as_deref().unwrap_or_default();
        let from = from.parse().map_err(|_| {
            let help = "write whom mails are from, as `Bookshop <no-reply@example.com>`";
            wrong("from", "mails need a sender".to_owned(), help)
        })?;
        let help = "write smtps://HOST, or smtp://HOST for STARTTLS";
        let transport =
            transport(server, gathering.folder()).map_err(|(key, message)| wrong(key, message, help))?;
        Ok(Some(Arc::new(Self { transport, from })))
    }

    async fn bring(&self, store: &Store, due: &DueMail, reporter: Reporter) {
        let DueMail { realm, mail, tries } = due;
        let now = SystemClock.now();
        let again = now.plus(LEASE);
        if !store.try_mail(realm, &mail.id, *tries, again).await.unwrap_or(false) {
            return;
        }
        let sent = match self.message(due) {
            Ok(message) => self.transport.send(message).await.map(drop).map_err(|error| {
                // A 5xx stays what it is (RFC 5321 4.2.1).
                (is_over(error.is_permanent(), now.since(mail.created_at)), error.to_string())
            }),
            Err(error) => Err((true, error)),
        };
        let (is_over, why) = match sent {
            Ok(()) => (true, None),
            Err((is_over, why)) => (is_over, Some(why)),
        };
        if let Some(why) = why {
            let what = if is_over { "given up" } else { "tried again later" };
            // Neither to whom nor what: both are somebody's.
            let message = format!("a mail was not taken by the server, and is {what}: {why}");
            reporter.told(Severity::Warning, "mail_failed", &message, json!({ "mail": mail.id }));
        }
        if is_over {
            // If this fails the mail is due again: twice is better than never.
            let _ = store.drop_mail(realm, &mail.id).await;
        } else {
            // If this fails it is due when the lease is over.
            let again = SystemClock.now().plus(pause(*tries));
            let _ = store.postpone_mail(realm, &mail.id, again).await;
        }
    }

    fn message(&self, due: &DueMail) -> Result<Message, String> {
        let mail = &due.mail;
        let to: Mailbox =
            mail.recipient.parse().map_err(|_| "the address cannot be written to".to_owned())?;
        let body = MultiPart::alternative_plain_html(mail.plain.clone(), mail.html.clone());
        // The name of a mail is its own for ever, so that a second copy can be told.
        let domain = self.from.email.domain();
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(mail.subject.clone())
            .message_id(Some(format!("<{}@{domain}>", mail.id)))
            .multipart(body)
            .map_err(|error| error.to_string())
    }
}

/// Whether a mail that was refused is tried no more.
fn is_over(is_permanent: bool, age: Duration) -> bool {
    is_permanent || age >= GIVEN_UP
}

/// 2 s after the first try, twice as long after each, up to the longest.
fn pause(tries: u32) -> Duration {
    Duration::from_secs(1 << (tries.min(30) + 1)).min(LONGEST)
}

/// The way to the server: TLS from the first byte, or by STARTTLS, which is never left out but to this machine.
fn transport(
    server: &MailServer,
    folder: &Path,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, (&'static str, String)> {
    let url = url::Url::parse(&server.smtp).map_err(|_| ("smtp", format!("`{}` is no URL", server.smtp)))?;
    let host = url.host_str().unwrap_or_default().to_owned();
    let is_here = matches!(&*host, "localhost" | "127.0.0.1" | "[::1]");
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(("smtp", "the URL says more than where the server is".to_owned()));
    }
    let builder = match url.scheme() {
        "smtps" => AsyncSmtpTransport::<Tokio1Executor>::relay(&host),
        "smtp" if is_here => Ok(AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&host)),
        "smtp" => AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(&host),
        _ => return Err(("smtp", format!("`{}` is no SMTP server", server.smtp))),
    };
    let mut builder = builder.map_err(|error| ("smtp", error.to_string()))?.timeout(Some(PATIENCE));
    if let Some(port) = url.port() {
        builder = builder.port(port);
    }
    if let Some(user) = &server.user {
        let password = match &server.password {
            Some(reference) => bring::secret(reference, folder).map_err(|why| ("password", why))?,
            None => return Err(("user", "a user needs a `password`".to_owned())),
        };
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_try_waits_longer_and_none_longer_than_a_quarter_of_an_hour() {
        let pauses: Vec<u64> = (0..11).map(|tries| pause(tries).as_secs()).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        assert_eq!(pause(u32::MAX), LONGEST);
    }

    #[test]
    fn a_mail_outlives_a_server_that_is_away_for_hours() {
        let (mut age, mut tries) = (Duration::ZERO, 0);
        while !is_over(false, age) {
            age += pause(tries);
            tries += 1;
        }
        assert!(age >= Duration::from_secs(23 * 3600) && tries > 90, "{age:?} {tries}");
        assert!(is_over(true, Duration::ZERO));
    }

    #[test]
    fn a_way_without_tls_leads_to_this_machine_alone() {
        let server =
            |smtp: &str| MailServer { smtp: smtp.to_owned(), user: None, password: None, from: None };
        for url in ["smtps://mail.example", "smtp://mail.example:587", "smtp://127.0.0.1:25"] {
            assert!(transport(&server(url), Path::new("")).is_ok(), "{url}");
        }
        for url in
            ["mail.example", "http://mail.example", "smtp://a:b@mail.example", "smtp://mail.example?tls=none"]
        {
            assert_eq!(transport(&server(url), Path::new("")).err().unwrap().0, "smtp", "{url}");
        }
    }
}
