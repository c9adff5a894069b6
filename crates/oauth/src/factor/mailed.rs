//! A code of six digits by mail, for whoever has nothing stronger: good once, for ten minutes, and on the pages of
//! the one sign-in that asked for it. It is kept as an HMAC, because its digits alone are soon tried.

use std::{sync::Arc, time::Duration};

use identity::{Account, Missing};
use jose::{base64url, digest};
use store::{Fault, Hash};

use super::{
    Means,
    second::{Asked, page},
};
use crate::{answer::Answer, letter::Letter, pages::FactorProblem, seal::Errand, server::Call};

/// How long one is good; the mail says so.
const LIFE: Duration = Duration::from_secs(600);
/// How many wrong ones end it, whatever `lockout` says.
const TRIES: u32 = 5;
const DIGITS: usize = 6;

/// Mails a code, and asks for it.
pub(super) async fn send(call: &Call<'_>, then: &Errand, account: &Arc<Account>, mut asked: Asked) -> Answer {
    let mailbox = match Means::of(call, account).await {
        Ok(means) => means.mailbox,
        Err(fault) => return call.fault(&fault),
    };
    // Where only a passkey will do, no code is of any use.
    let mailbox = mailbox.filter(|_| asked.shown.missing(&asked.class) == Missing::Factor);
    let Some(address) = mailbox else { return page(call, then, account, &asked, None).await };
    // Only who has shown the password asks for these, so that no stranger keeps anybody's from them.
    if !call.may_write_to(&format!("code {}", account.id)) {
        return page(call, then, account, &asked, Some(FactorProblem::Mails)).await;
    }
    asked.ceremony = base64url::encode(call.server.random::<16>());
    match write(call, account, &address, &asked.ceremony).await {
        Ok(()) => page(call, then, account, &asked, None).await,
        Err(fault) => call.fault(&fault),
    }
}

async fn write(call: &Call<'_>, account: &Account, address: &str, ceremony: &str) -> Result<(), Fault> {
    let code = code(call.server.random());
    let hash = hash(call, account, ceremony, &code);
    let end = call.visit.now.plus(LIFE);
    call.server.store.keep_email_code(&call.realm, &account.id, hash, end).await?;
    let link = call.another_password();
    call.write_to(address, &Letter::Code { code: &code, link: &link }).await
}

/// Whether a code is the one that was mailed for this sign-in; the try is counted before it is looked at.
pub(super) async fn is_right(
    call: &Call<'_>,
    account: &Account,
    ceremony: &str,
    typed: &str,
) -> Result<bool, Fault> {
    // Whoever set up something stronger meanwhile is asked for that.
    if ceremony.is_empty() || Means::of(call, account).await?.mailbox.is_none() {
        return Ok(false);
    }
    let typed: String = typed.chars().filter(char::is_ascii_digit).take(DIGITS + 1).collect();
    let hash = hash(call, account, ceremony, &typed);
    let now = call.visit.now;
    call.server.store.try_email_code(&call.realm, &account.id, hash, TRIES, now).await
}

fn hash(call: &Call<'_>, account: &Account, ceremony: &str, code: &str) -> Hash {
    let key = call.key("mailed code");
    digest::hmac_sha256(&key, format!("{ceremony}\0{}\0{}\0{code}", account.id, account.password_version))
}

/// Six digits; that some are likelier by one in 10^13 helps nobody.
fn code(random: [u8; 8]) -> String {
    format!("{:0DIGITS$}", u64::from_be_bytes(random) % 1_000_000)
}

/// An address as whoever owns it knows it again, and nobody else learns it.
pub(super) fn hinted(address: &str) -> String {
    let (name, host) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = name.chars().take(1).collect();
    format!("{first}…@{host}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_six_digits_whatever_chance_gives() {
        assert_eq!(code([0; 8]), "000000");
        assert_eq!(code(7_000_042_u64.to_be_bytes()), "000042");
        assert_eq!(code([255; 8]).len(), 6);
    }

    #[test]
    fn an_address_is_hinted_at() {
        assert_eq!(hinted("ana@example.com"), "a…@example.com");
        assert_eq!(hinted("\"a@b\"@example.com"), "\"…@example.com");
        assert_eq!(hinted(""), "…@");
    }
}
