//! Mails that are sent: to a server that speaks just enough SMTP.

use testkit::{Client, Lobby, serve};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::shared_mock;
use crate::{
    admin::{add_alice, done},
    browser::submit,
    reload::until,
};

const PASSWORD: &str = "violin tuesday cactus marble";

/// A server that takes mails, but the first of them only at the second try.
async fn server() -> (u16, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (taken, mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut is_busy = true;
        while let Ok((stream, _)) = listener.accept().await {
            if let Some(mail) = speak(stream, &mut is_busy).await {
                let _ = taken.send(mail);
            }
        }
    });
    (port, mails)
}

/// One conversation (RFC 5321 4.1.1): the mail that it brought.
async fn speak(stream: TcpStream, is_busy: &mut bool) -> Option<String> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 mail.example\r\n").await.ok()?;
    let mut mail = None;
    while let Ok(Some(line)) = lines.next_line().await {
        let answer: &[u8] =
            match line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase().as_str() {
                "RCPT" if std::mem::take(is_busy) => b"451 later\r\n",
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await.ok()?;
                    let mut text = String::new();
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line == "." {
                            break;
                        }
                        text.push_str(&line);
                        text.push('\n');
                    }
                    mail = Some(text);
                    b"250 taken\r\n"
                }
                "QUIT" => {
                    write.write_all(b"221 bye\r\n").await.ok()?;
                    break;
                }
                _ => b"250 well\r\n",
            };
        write.write_all(answer).await.ok()?;
    }
    mail
}

/// The link of a mail, as quoted-printable (RFC 2045 6.7) writes it.
fn link(mail: &str) -> String {
    let text = mail.replace("=\n", "").replace("=3D", "=");
    let line =
        text.lines().find(|line| line.contains("/_lobby/sign-up?link=")).unwrap_or_else(|| panic!("{mail}"));
    let at = line.find("/_lobby/").unwrap();
    line[at..].split(['"', '<', ' ']).next().unwrap().to_owned()
}

#[tokio::test]
async fn a_person_signs_up_by_a_mail_that_the_server_took_at_the_second_try() {
    let (port, mut mails) = server().await;
    let config = format!(
        "{}accounts: {{ sign_up: open }}\nmail: {{ smtp: 'smtp://127.0.0.1:{port}', from: 'Bookshop <no-reply@example.com>' }}\n\
         pages: {{ name: Bookshop }}\n",
        shared_mock()
    );
    let lobby = serve(&config).await;
    let browser: Client = lobby.another();
    let page = browser.get("/_lobby/sign-up").await;
    submit(&browser, &page, &[("email", "ana@example.com"), ("new", PASSWORD)]).await.is(200);
    let mail = mails.recv().await.unwrap();
    assert!(mail.contains("From: Bookshop <no-reply@example.com>\n"), "{mail}");
    assert!(
        mail.contains("To: ana@example.com\n") && mail.contains("Subject: Your account at Bookshop\n"),
        "{mail}"
    );
    assert!(!lobby.talk().contains("ana@example.com"), "nobody's address is in the log: {}", lobby.talk());
    assert!(lobby.talk().contains("tried again later"), "{}", lobby.talk());
    let page = browser.get(&link(&mail)).await;
    let token = link(&mail).split("link=").nth(1).unwrap().to_owned();
    submit(&browser, &page, &[("link", &token)]).await;
    let own = browser.get("/_lobby/account/").await;
    assert!(own.text().contains("ana@example.com"), "{}", own.text());
}

/// How many mails tell of a sign-in that was not finished, once a quarter of an hour is over.
fn unfinished(lobby: &Lobby) -> u32 {
    let database = rusqlite::Connection::open(lobby.folder().join("lobby.db")).unwrap();
    let sql = "SELECT COUNT(*) FROM mails WHERE subject = 'Sign-in to Lobby not finished' \
               AND due_at - created_at = 900000000";
    database.query_row(sql, (), |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_code_by_mail_is_the_second_factor_and_the_owner_hears_of_a_stronger_one() {
    let (port, mut mails) = server().await;
    let config = format!(
        "{}accounts: {{ sign_up: open }}\nfactors: {{ required: any }}\n\
         mail: {{ smtp: 'smtp://127.0.0.1:{port}', from: 'no-reply@example.com' }}\n",
        shared_mock()
    );
    let lobby = serve(&config).await;
    let browser: Client = lobby.another();
    let page = browser.get("/_lobby/sign-up").await;
    submit(&browser, &page, &[("email", "ana@example.com"), ("new", PASSWORD)]).await.is(200);
    let mail = mails.recv().await.unwrap();
    let page = browser.get(&link(&mail)).await;
    let token = link(&mail).split("link=").nth(1).unwrap().to_owned();
    let page = submit(&browser, &page, &[("link", &token)]).await;
    assert!(page.text().contains("A code of six digits can come to a…@example.com."), "{}", page.text());
    browser.get("/_lobby/account/").await.is(200);
    assert_eq!(unfinished(&lobby), 1, "the password alone was shown");
    let page = submit(&browser, &page, &[("do", "mail")]).await;
    let mail = mails.recv().await.unwrap();
    let at = mail.find(" is your code").unwrap_or_else(|| panic!("{mail}"));
    let code = &mail[at - 6..at];
    let wrong = if code == "123456" { "654321" } else { "123456" };
    submit(&browser, &page, &[("code", wrong)]).await.is(422);
    submit(&browser, &page, &[("code", code)]).await;
    assert_eq!(unfinished(&lobby), 0);
    let own = browser.get("/_lobby/account/").await;
    assert!(own.text().contains("this browser"), "{}", own.text());
    submit(&browser, &page, &[("code", code)]).await.is(422);
    let page = browser.get("/_lobby/account/codes").await;
    let page = submit(&browser, &page, &[("do", "new")]).await;
    let recovery = page.text().split("<li><code>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    submit(&browser, &page, &[("do", "keep"), ("recovery_code", &recovery)]).await.is(303);
    let mail = mails.recv().await.unwrap();
    assert!(mail.contains("New recovery codes made."), "{mail}");
    assert!(!lobby.talk().contains(code), "{}", lobby.talk());
}

#[tokio::test]
async fn whose_key_ends_within_a_week_reads_of_it() {
    let (port, mut mails) = server().await;
    let config = format!(
        "issuer: https://login.example.com\nmail: {{ smtp: 'smtp://127.0.0.1:{port}', from: 'no-reply@example.com' }}\n"
    );
    let start = serve(&config);
    add_alice(start.folder());
    let key = done(start.folder(), &["key", "add", "--owner", "alice", "--name", "build", "--expires", "8d"]);
    done(start.folder(), &["key", "add", "--owner", "alice", "--name", "brief", "--expires", "5d"]);
    let database = rusqlite::Connection::open(start.folder().join("lobby.db")).unwrap();
    let two_days =
        "UPDATE keys SET created_at = created_at - 172800000000, expires_at = expires_at - 172800000000";
    database.execute(two_days, ()).unwrap();
    drop(database);
    let _lobby = start.await;
    let mail = mails.recv().await.unwrap().replace("=\n", "");
    assert!(mail.contains("To: alice@example.com\n") && mail.contains(": build, 20"), "{mail}");
    assert!(!mail.contains(key.split('_').nth(2).unwrap()), "{mail}");
}

#[tokio::test]
async fn a_server_that_an_edit_names_takes_the_mails_from_then_on() {
    let (port, mut mails) = server().await;
    let config = |mail: &str| format!("{}accounts: {{ sign_up: open }}\nmail: {mail}\n", super::ALONE);
    let lobby = serve(&config("outbox")).await;
    lobby.replace_file("lobby.yaml", &config("{ smtp: 'smtp://127.0.0.1:1' }"));
    while !lobby.talk().contains("what was served before goes on") {
        tokio::task::yield_now().await;
    }
    assert!(lobby.talk().contains("mails need a sender"), "{}", lobby.talk());
    lobby.replace_file(
        "lobby.yaml",
        &config(&format!("{{ smtp: 'smtp://127.0.0.1:{port}', from: a@b.example }}")),
    );
    until(&lobby.admin(), "/metrics", |metrics| metrics.text().contains("lobby_generation 2\n")).await;
    let page = lobby.get("/_lobby/sign-up").await;
    submit(&lobby, &page, &[("email", "ana@example.com"), ("new", PASSWORD)]).await.is(200);
    assert!(mails.recv().await.unwrap().contains("To: ana@example.com\n"));
}

#[tokio::test]
async fn a_mail_server_that_cannot_be_is_told_with_its_place() {
    for (mail, part) in [
        ("{ smtp: 'http://mail.example', from: a@b.example }", "is no SMTP server"),
        ("{ smtp: 'smtps://mail.example' }", "mails need a sender"),
        ("{ smtp: 'smtps://mail.example', user: a, from: a@b.example }", "a user needs a `password`"),
        (
            "{ smtp: 'smtps://mail.example', user: a, password: '${NOPE_MAIL}', from: a@b.example }",
            "NOPE_MAIL",
        ),
    ] {
        let config = format!("{}mail: {mail}\n", super::ALONE);
        let finished = testkit::run("serve").config(&config).finish("");
        finished.exits(2);
        assert!(
            finished.stderr.contains(part) && finished.stderr.contains("lobby.yaml:2:"),
            "{}",
            finished.stderr
        );
    }
}
