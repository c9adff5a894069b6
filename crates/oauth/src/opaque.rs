use jose::{base64url, digest};
use model::{RealmId, SandboxName};

/// The opaque texts that we hand out. Each names its sandbox, none has a dot (control.md, defaults 3 and 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Code,
    Refresh,
    Device,
    Pushed,
}

const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";

impl Kind {
    const ALL: [Self; 4] = [Self::Code, Self::Refresh, Self::Device, Self::Pushed];

    fn prefix(self) -> &'static str {
        match self {
            Self::Code => "lc_",
            Self::Refresh => "lr_",
            Self::Device => "ld_",
            Self::Pushed => PUSHED,
        }
    }

    pub(crate) fn write(self, sandbox: &SandboxName, bytes: &[u8]) -> String {
        format!("{}{sandbox}_{}", self.prefix(), base64url::encode(bytes))
    }

    /// Takes a text apart; `None` for what is none of ours.
    pub(crate) fn read(self, text: &str) -> Option<(SandboxName, Vec<u8>)> {
        // A sandbox's name has no `_`, so the first one ends it, whatever the rest holds.
        let (sandbox, rest) = text.strip_prefix(self.prefix())?.split_once('_')?;
        Some((sandbox.parse().ok()?, base64url::decode_strict(rest).ok()?))
    }
}

/// The sandbox that a code, refresh token, device code or PAR URI names.
pub fn sandbox_named(text: &str) -> Option<SandboxName> {
    Kind::ALL.into_iter().find_map(|kind| kind.read(text)).map(|(sandbox, _)| sandbox)
}

/// What the query of a page asks for by `lobby_sandbox`, as it is written there. Two are told as they are, with a
/// blank between: no name.
pub fn sandbox_asked(query: Option<&str>) -> Option<String> {
    let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut asked: Vec<String> = Vec::new();
    for (_, value) in pairs.filter(|(name, _)| name == "lobby_sandbox") {
        if !asked.iter().any(|other| *other == value) {
            asked.push(value.into_owned());
        }
    }
    (!asked.is_empty()).then(|| asked.join(" "))
}

/// The sandbox of the first code, refresh token, device code or PAR URI among a request's parameters.
pub fn sandbox_brought(query: Option<&str>, form: &[u8]) -> Option<SandboxName> {
    let query = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut pairs = query.chain(url::form_urlencoded::parse(form));
    pairs.find_map(|(name, value)| match &*name {
        "code" | "refresh_token" | "device_code" | "request_uri" | "token" => sandbox_named(&value),
        _ => None,
    })
}

/// A realm's secret for one purpose: derived, so that ten thousand sandboxes keep none.
pub(crate) fn realm_key(master: &[u8; 32], realm: &RealmId, purpose: &str) -> [u8; 32] {
    digest::hmac_sha256(master, format!("{purpose}\0{}", realm.as_str()))
}

/// A refresh token: its family and number, and the proof that we made it. Nothing of it is stored: the
/// successor can be made again after an answer was lost (product.md, Refresh tokens).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refresh {
    pub(crate) family: String,
    pub(crate) sequence: u32,
}

impl Refresh {
    pub(crate) fn write(&self, sandbox: &SandboxName, key: &[u8; 32]) -> String {
        let mut bytes = base64url::decode_strict(&self.family).unwrap_or_default();
        bytes.extend_from_slice(&self.sequence.to_be_bytes());
        let proof = digest::hmac_sha256(key, &bytes);
        bytes.extend_from_slice(&proof);
        Kind::Refresh.write(sandbox, &bytes)
    }

    pub(crate) fn read(text: &str, sandbox: &SandboxName, key: &[u8; 32]) -> Option<Self> {
        let (named, bytes) = Kind::Refresh.read(text)?;
        let (body, proof) = bytes.split_at_checked(20)?;
        let (family, sequence) = body.split_at_checked(16)?;
        let genuine = subtle::ConstantTimeEq::ct_eq(&digest::hmac_sha256(key, body)[..], proof);
        if named != *sandbox || !bool::from(genuine) {
            return None;
        }
        let sequence = u32::from_be_bytes(sequence.try_into().ok()?);
        Some(Self { family: base64url::encode(family), sequence })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_opaque_text_names_its_sandbox_and_has_no_dot() {
        let sandbox: SandboxName = "t-42".parse().unwrap();
        for kind in Kind::ALL {
            let text = kind.write(&sandbox, &[0xff; 32]);
            assert!(!text.contains('.') && !text.starts_with("eyJ"), "{text}");
            assert_eq!(sandbox_named(&text), Some(sandbox.clone()));
            assert_eq!(kind.read(&text).unwrap().1, [0xff; 32]);
        }
        assert_eq!(sandbox_named("lc_T_abc"), None);
        assert_eq!(sandbox_named("anything"), None);
    }

    #[test]
    fn a_request_names_its_sandbox_by_its_query_or_by_what_it_brings() {
        let code = Kind::Code.write(&"other".parse().unwrap(), &[1; 32]);
        let brought = sandbox_brought(Some("state=x"), format!("token=x&code={code}").as_bytes());
        assert_eq!(brought.unwrap().as_str(), "other");
        assert_eq!(sandbox_brought(None, b"code=anything"), None);
        assert_eq!(sandbox_asked(Some("a=b&lobby_sandbox=t-42&lobby_sandbox=t-42")).as_deref(), Some("t-42"));
        assert_eq!(sandbox_asked(Some("lobby_sandbox=a&lobby_sandbox=b")).as_deref(), Some("a b"));
        assert_eq!(sandbox_asked(None), None);
    }

    #[test]
    fn a_refresh_token_is_read_by_its_own_realm_alone() {
        let (main, other) = (SandboxName::main(), "t-42".parse().unwrap());
        let token = Refresh { family: base64url::encode([7; 16]), sequence: 3 };
        let text = token.write(&main, &[1; 32]);
        assert_eq!(Refresh::read(&text, &main, &[1; 32]), Some(token));
        assert_eq!(Refresh::read(&text, &main, &[2; 32]), None);
        assert_eq!(Refresh::read(&text, &other, &[1; 32]), None);
        assert_eq!(Refresh::read(&text[..text.len() - 2], &main, &[1; 32]), None);
        assert_eq!(Refresh::read("lr_main_AAAA", &main, &[1; 32]), None);
    }
}
