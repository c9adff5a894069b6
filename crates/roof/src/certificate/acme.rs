//! Fetching certificates from an authority (RFC 8555), and again at two thirds of their life. Serving goes on
//! with the one that is there.

use std::{fs, io, net::IpAddr, path::PathBuf, sync::Arc, time::Duration};

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, LetsEncrypt, NewAccount,
    NewOrder, OrderStatus, RetryPolicy,
};
use model::{Clock, Severity, Timestamp};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{crypto::aws_lc_rs, sign::CertifiedKey};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;

use super::{
    Shown,
    courier::Courier,
    kept::{self, Kept},
};
use crate::{exit::Failure, fetch, report::Reporter, state, system::SystemClock};

/// The authority that is asked when nobody names one.
pub(crate) const LETS_ENCRYPT: &str = LetsEncrypt::Production.url();

/// What is fetched, and from whom.
#[derive(Debug, Clone)]
pub(crate) struct AcmeSettings {
    /// The names, all of them in one certificate.
    pub(crate) hosts: Vec<String>,
    /// The authority's directory.
    pub(crate) directory: String,
    /// Whom it may write to.
    pub(crate) email: Option<String>,
    /// Who vouches for it beside whom the system trusts, PEM.
    pub(crate) root: Option<Vec<u8>>,
    /// Where account and certificate are kept: a folder beside the store.
    pub(crate) folder: PathBuf,
    /// Whether it may ask over plain HTTP; else it asks in a handshake.
    pub(crate) by_http: bool,
}

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
enum AcmeError {
    /// The authority says no, or nothing.
    #[error("{0}")]
    Authority(#[from] instant_acme::Error),
    /// It asks in no way that can be answered here.
    #[error("the authority asks for {0} in no way that can be answered here")]
    Challenge(String),
    /// It does not believe that the names are ours.
    #[error("the authority does not believe that the names are ours: {0}")]
    Unproven(String),
    /// What it gives is no certificate for the names.
    #[error("what the authority gave cannot be used")]
    Unusable,
    /// It takes too long.
    #[error("the authority took longer than {} s", PATIENCE.as_secs())]
    Slow,
    /// What it gives cannot be kept.
    #[error("cannot write {}: {why}", path.display())]
    File { path: PathBuf, why: io::Error },
    /// The library refused.
    #[error("the request could not be made: {0}")]
    Making(#[from] rcgen::Error),
}

/// How long a fetch may take in all.
const PATIENCE: Duration = Duration::from_secs(180);
/// How long is waited after a failure, and at most after many.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LAST_PAUSE: Duration = Duration::from_secs(3600);

/// Fetches certificates.
pub(crate) struct Acme {
    settings: AcmeSettings,
    client: reqwest::Client,
    shown: Arc<Shown>,
    reporter: Reporter,
    kept: Option<Kept>,
}

impl Acme {
    /// Shows what was fetched before and is still good.
    pub(crate) fn open(
        settings: AcmeSettings,
        shown: Arc<Shown>,
        reporter: Reporter,
    ) -> Result<Self, Failure> {
        state::private_folder(&settings.folder).map_err(Failure::from_error)?;
        let client = fetch::neighbour(settings.root.as_deref()).map_err(Failure::from_error)?;
        let mut acme = Self { settings, client, shown, reporter, kept: None };
        let kept = Kept::read(&acme.certificate());
        if let Some(kept) = kept.filter(|kept| kept.serves(&acme.settings.hosts, SystemClock.now())) {
            acme.shown.show(kept.certified.clone());
            acme.kept = Some(kept);
        }
        Ok(acme)
    }

    /// Whether there is something to show.
    pub(crate) fn has_certificate(&self) -> bool {
        self.kept.is_some()
    }

    /// Fetches whenever it is due; for as long as it is not dropped.
    pub(crate) async fn run(mut self) {
        let mut pause = FIRST_PAUSE;
        loop {
            if let Some(kept) = &self.kept {
                wait_until(kept.due()).await;
            }
            let fetched = tokio::time::timeout(PATIENCE, self.fetch()).await;
            self.shown.challenges.clear();
            match fetched.unwrap_or(Err(AcmeError::Slow)) {
                Ok(kept) => {
                    pause = FIRST_PAUSE;
                    self.shown.show(kept.certified.clone());
                    let more = json!({ "hosts": self.settings.hosts, "next": kept.due().to_string() });
                    let message = format!("a certificate for {} is there", self.settings.hosts.join(", "));
                    self.reporter.told(Severity::Note, "certificate_fetched", &message, more);
                    self.kept = Some(kept);
                }
                Err(error) => {
                    let next = pause.as_secs();
                    let message = format!("no certificate was fetched, again in {next} s: {error}");
                    self.reporter.told(Severity::Error, "certificate_failed", &message, json!({}));
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LAST_PAUSE);
                }
            }
        }
    }

    fn certificate(&self) -> PathBuf {
        self.settings.folder.join("certificate.pem")
    }

    async fn fetch(&self) -> Result<Kept, AcmeError> {
        let account = self.account().await?;
        let hosts = &self.settings.hosts;
        let identifiers: Vec<Identifier> = hosts.iter().map(|host| identifier(host)).collect();
        let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
        self.prove(&mut order).await?;
        let retries = RetryPolicy::new().timeout(PATIENCE);
        if order.poll_ready(&retries).await? != OrderStatus::Ready {
            return Err(AcmeError::Unproven(hosts.join(", ")));
        }
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(hosts.clone())?;
        params.distinguished_name = DistinguishedName::new();
        order.finalize_csr(params.serialize_request(&key)?.der()).await?;
        let chain = order.poll_certificate(&retries).await?;
        let pem = format!("{}\n{}", chain.trim_end(), key.serialize_pem());
        let kept = Kept::parse(&pem).ok_or(AcmeError::Unusable)?;
        if !kept.serves(hosts, SystemClock.now()) {
            return Err(AcmeError::Unusable);
        }
        let path = self.certificate();
        kept::write(&path, &pem).map_err(|why| AcmeError::File { path, why })?;
        Ok(kept)
    }

    /// Puts an answer where the authority asks, and tells it so, for every name.
    async fn prove(&self, order: &mut instant_acme::Order) -> Result<(), AcmeError> {
        let mut authorizations = order.authorizations();
        while let Some(authorization) = authorizations.next().await {
            let mut authorization = authorization?;
            let name = authorization.identifier().to_string();
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                AuthorizationStatus::Invalid
                | AuthorizationStatus::Revoked
                | AuthorizationStatus::Expired
                | AuthorizationStatus::Deactivated => return Err(AcmeError::Unproven(name)),
            }
            let way = if self.settings.by_http { ChallengeType::Http01 } else { ChallengeType::TlsAlpn01 };
            let Some(mut challenge) = authorization.challenge(way) else {
                return Err(AcmeError::Challenge(name));
            };
            let answer = challenge.key_authorization();
            if self.settings.by_http {
                self.shown.challenges.answer_at(challenge.token.clone(), answer.as_str().to_owned());
            } else {
                let certified = validation(&name, answer.digest().as_ref())?;
                self.shown.challenges.answer_by(&asked_for(&name), certified);
            }
            challenge.set_ready().await?;
        }
        Ok(())
    }

    /// Our account there: made once.
    async fn account(&self) -> Result<Account, AcmeError> {
        let builder = || Account::builder_with_http(Box::new(Courier(self.client.clone())));
        let path = self.settings.folder.join("account.json");
        let known = fs::read_to_string(&path).ok();
        let known = known.and_then(|text| serde_json::from_str::<AccountCredentials>(&text).ok());
        if let Some(credentials) = known {
            return Ok(builder().from_credentials(credentials).await?);
        }
        let contact = self.settings.email.as_ref().map(|email| format!("mailto:{email}"));
        let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
        let new =
            NewAccount { contact: &contact, terms_of_service_agreed: true, only_return_existing: false };
        let (account, credentials) = builder().create(&new, self.settings.directory.clone(), None).await?;
        let text = serde_json::to_string(&credentials).map_err(instant_acme::Error::from)?;
        kept::write(&path, &text).map_err(|why| AcmeError::File { path, why })?;
        Ok(account)
    }
}

fn identifier(host: &str) -> Identifier {
    host.parse::<IpAddr>().map_or_else(|_| Identifier::Dns(host.to_owned()), Identifier::Ip)
}

/// The name by which an authority asks for an address: its reverse one (RFC 8738 6).
fn asked_for(name: &str) -> String {
    match name.parse::<IpAddr>() {
        Err(_) => name.to_owned(),
        Ok(IpAddr::V4(address)) => {
            let [a, b, c, d] = address.octets();
            format!("{d}.{c}.{b}.{a}.in-addr.arpa")
        }
        Ok(IpAddr::V6(address)) => {
            let digits = format!("{:032x}", address.to_bits());
            let digits: Vec<String> = digits.chars().rev().map(String::from).collect();
            format!("{}.ip6.arpa", digits.join("."))
        }
    }
}

/// The certificate that answers: for the name alone, with the digest in it (RFC 8737 3).
fn validation(name: &str, digest: &[u8]) -> Result<CertifiedKey, AcmeError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    // Not looked at any further: its critical extension is one that no client of TLS knows.
    let key = aws_lc_rs::sign::any_supported_type(&key).map_err(|_| AcmeError::Unusable)?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], key))
}

/// The machine may sleep, and its clock be set: it is looked at from time to time.
async fn wait_until(due: Timestamp) {
    const LOOK: Duration = Duration::from_secs(3600);
    loop {
        let left = due.since(SystemClock.now());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_asked_for_by_its_reverse_name() {
        assert_eq!(asked_for("api.example.com"), "api.example.com");
        assert_eq!(asked_for("192.0.2.1"), "1.2.0.192.in-addr.arpa");
        assert!(asked_for("2001:db8::1").ends_with("8.b.d.0.1.0.0.2.ip6.arpa"));
    }
}
