use std::fmt;

/// What the `WWW-Authenticate` field of a denial says (verdicts.md, third column).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Challenge {
    /// There is none.
    None,
    /// A line for each scheme that would do, none with an `error` (RFC 6750 3.1).
    Offer,
    /// `ApiKey` with its place; it knows no `error`.
    Key,
    /// `Basic` (RFC 7617 2); it knows no `error`.
    Basic,
    /// `MutualTLS`; it knows no `error`.
    Certificate,
    /// The scheme that was tried with this `error` (RFC 6750 3.1, RFC 9470 3).
    Error(&'static str),
    /// `DPoP` with this `error` (RFC 9449 7.1 and 9).
    Proof(&'static str),
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("-"),
            Self::Offer => f.write_str("one per scheme"),
            Self::Key => f.write_str("ApiKey"),
            Self::Basic => f.write_str("Basic"),
            Self::Certificate => f.write_str("MutualTLS"),
            Self::Error(error) => write!(f, "Bearer error=\"{error}\""),
            Self::Proof(error) => write!(f, "DPoP error=\"{error}\""),
        }
    }
}

/// What the table says of one code.
#[derive(Debug, Clone, Copy)]
struct Row {
    name: &'static str,
    status: u16,
    challenge: Challenge,
    text: &'static str,
    hint: &'static str,
}

/// Writes the enum, the list of all, and the table from one text, so that a code cannot be in one of them
/// and not in another.
macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal, $status:literal, $challenge:expr, $text:literal, $hint:literal;)*) => {
        /// Every way in which Lobby answers instead of the API: stable and public names, as in problem
        /// bodies, `Lobby-Verdict`, metrics, scenarios and the docs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])* $code,)*
        }

        impl Code {
            /// All of them, in the order of the papers: denials first, then the answers that are none.
            pub const ALL: &'static [Self] = &[$(Self::$code,)*];

            const fn row(self) -> Row {
                match self {
                    $(Self::$code => Row {
                        name: $name,
                        status: $status,
                        challenge: $challenge,
                        text: $text,
                        hint: $hint,
                    },)*
                }
            }
        }
    };
}

codes! {
    /// Nothing was presented.
    CredentialMissing = "credential.missing", 401, Challenge::Offer,
        "A credential is needed",
        "Send a credential of one of the schemes in WWW-Authenticate";
    /// What was presented is not even in the form of its scheme.
    CredentialMalformed = "credential.malformed", 401, Challenge::Error("invalid_token"),
        "The credential is malformed",
        "Send the credential exactly as it was issued";
    /// Two values where one belongs.
    RequestAmbiguous = "request.ambiguous", 400, Challenge::Error("invalid_request"),
        "The credential is given twice",
        "Send each credential once, and at most one Authorization field";
    /// No such API key.
    KeyUnknown = "key.unknown", 401, Challenge::Key,
        "The API key is not known",
        "Use a key of a persona; they are listed when the mock starts and by GET /_lobby/personas";
    /// The API key was good once.
    KeyExpired = "key.expired", 401, Challenge::Key,
        "The API key has expired",
        "Ask for a new key";
    /// The API key was withdrawn.
    KeyRevoked = "key.revoked", 401, Challenge::Key,
        "The API key was revoked",
        "Use another key of this persona";
    /// No such name with such a password.
    PasswordWrong = "password.wrong", 401, Challenge::Basic,
        "The name or the password is wrong",
        "Use a persona's name and password; without configuration the password is <name>-password";
    /// Too many failures; for a while right passwords are refused too.
    AccountLocked = "account.locked", 429, Challenge::None,
        "The account is locked for a while",
        "Wait for Retry-After, advance the sandbox's clock, or reset the sandbox";
    /// Suspended, told only after a verified credential.
    AccountDisabled = "account.disabled", 403, Challenge::None,
        "The account is disabled",
        "This persona or client is disabled on purpose; use another one";
    /// The signature is not of the key that the token names.
    TokenSignature = "token.signature", 401, Challenge::Error("invalid_token"),
        "The token's signature is wrong",
        "Send the token unchanged, and check that it was signed by the key that its kid names";
    /// `none`, or an algorithm that is not allowed for this issuer (RFC 8725 3.1).
    TokenAlgorithm = "token.algorithm", 401, Challenge::Error("invalid_token"),
        "The token's algorithm is not accepted",
        "Have the token signed with an algorithm that the issuer's configuration allows";
    /// An unknown key, or one that the token brought along.
    TokenKey = "token.key", 401, Challenge::Error("invalid_token"),
        "The token's key is not known",
        "Get a new token: a mock makes its keys at each start unless --state keeps them";
    /// `exp` has passed, or there is none.
    TokenExpired = "token.expired", 401, Challenge::Error("invalid_token"),
        "The token has expired",
        "Refresh the token, or sign in again";
    /// `nbf` or `iat` is yet to come.
    TokenNotYetValid = "token.not_yet_valid", 401, Challenge::Error("invalid_token"),
        "The token is not valid yet",
        "Wait until its nbf, or compare the clock of who issued it with this sandbox's";
    /// Issued by somebody who is not believed here.
    TokenIssuer = "token.issuer", 401, Challenge::Error("invalid_token"),
        "The token is from another issuer",
        "Get the token from the issuer that the API's metadata names, or declare its issuer under issuers";
    /// Meant for another API.
    TokenAudience = "token.audience", 401, Challenge::Error("invalid_token"),
        "The token is for another API",
        "Ask for a token with this API as resource or audience";
    /// An ID token, a refresh token or another kind that is no access token (RFC 9068 4).
    TokenType = "token.type", 401, Challenge::Error("invalid_token"),
        "The token is no access token",
        "Send the access_token, not the id_token or the refresh_token";
    /// Opaque, and not one that was issued here.
    TokenUnknown = "token.unknown", 401, Challenge::Error("invalid_token"),
        "The token is not known",
        "Get a token from the authorization server or with lobby token";
    /// Revoked, its session ended, or its family burnt.
    TokenRevoked = "token.revoked", 401, Challenge::Error("invalid_token"),
        "The token was revoked",
        "Sign in again: the token was revoked, its session ended, or its refresh token was used twice";
    /// A bound token came without what it is bound to.
    ProofMissing = "proof.missing", 401, Challenge::Proof("invalid_dpop_proof"),
        "The token needs a proof of its key",
        "Send the token as Authorization: DPoP with a DPoP proof, or over the certificate that it is bound to";
    /// The proof does not prove it.
    ProofInvalid = "proof.invalid", 401, Challenge::Proof("invalid_dpop_proof"),
        "The proof is not accepted",
        "Make a new proof for this method, this URL and this token, signed by the key that the token is bound to";
    /// The proof was seen before.
    ProofReplayed = "proof.replayed", 401, Challenge::Proof("invalid_dpop_proof"),
        "The proof was used before",
        "Make a new proof, with a new jti, for each request";
    /// The handshake of RFC 9449 8.
    ProofNonce = "proof.nonce", 401, Challenge::Proof("use_dpop_nonce"),
        "The proof needs the server's nonce",
        "Repeat the request with the value of DPoP-Nonce as the proof's nonce";
    /// `mutualTLS` without a certificate.
    CertificateMissing = "certificate.missing", 401, Challenge::Certificate,
        "A client certificate is needed",
        "Connect over TLS with a client certificate; lobby ca makes one";
    /// The certificate is of nobody who is trusted.
    CertificateUntrusted = "certificate.untrusted", 401, Challenge::Certificate,
        "The client certificate is not trusted",
        "Use a certificate of the authority that lobby ca prints";
    /// A good credential without a scope that is needed.
    ScopeInsufficient = "scope.insufficient", 403, Challenge::Error("insufficient_scope"),
        "The credential lacks a scope",
        "Ask for a token with the lacking scope, or use a persona that has it";
    /// A good credential of somebody without the role.
    RoleForbidden = "role.forbidden", 403, Challenge::None,
        "A role is lacking",
        "Use a persona that has the role";
    /// The plan or the policy says no.
    PolicyForbidden = "policy.forbidden", 403, Challenge::None,
        "The policy forbids it",
        "See the operation's policy in x-lobby or under operations in lobby.yaml";
    /// A fresher or a stronger sign-in is needed (RFC 9470).
    AuthStepUp = "auth.step_up", 401, Challenge::Error("insufficient_user_authentication"),
        "A fresher or stronger sign-in is needed",
        "Sign in again with the acr_values and the max_age of the challenge";
    /// A credential, or the demand for one, over plain HTTP.
    TransportInsecure = "transport.insecure", 403, Challenge::None,
        "The connection is not encrypted",
        "Use HTTPS (`listen.tls`, a mock also --tls); a mock takes it all the same with --insecure";
    /// Too many in a short time.
    RateLimited = "rate.limited", 429, Challenge::None,
        "Too many requests",
        "Wait for Retry-After, advance the sandbox's clock, or raise the limit in lobby.yaml";
    /// Too many in the day or the month.
    QuotaExceeded = "quota.exceeded", 429, Challenge::None,
        "The quota is used up",
        "Wait for Retry-After, advance the sandbox's clock, or raise the quota in lobby.yaml";
    /// The risk engine says block.
    RiskBlocked = "risk.blocked", 403, Challenge::None,
        "The request is blocked",
        "The risk engine judged this request";
    /// The upstream refuses the connection.
    UpstreamRefused = "upstream.refused", 502, Challenge::None,
        "The upstream refused the connection",
        "Start the upstream, or correct its URL";
    /// The upstream's answer is no HTTP or breaks the contract.
    UpstreamInvalid = "upstream.invalid", 502, Challenge::None,
        "The upstream's answer is not valid",
        "See the upstream's log";
    /// The upstream takes too long.
    UpstreamTimeout = "upstream.timeout", 504, Challenge::None,
        "The upstream did not answer in time",
        "See the upstream's log, or raise its timeout";
    /// The upstream is taken out of service.
    UpstreamUnavailable = "upstream.unavailable", 503, Challenge::None,
        "The upstream is not available",
        "Wait until its health check succeeds";
    /// An issuer's keys cannot be had.
    UpstreamKeys = "upstream.keys", 503, Challenge::None,
        "An issuer's keys are not available",
        "Check that the issuer's key set can be reached from here";

    /// No operation has this path.
    OperationUnknown = "operation.unknown", 404, Challenge::None,
        "No such operation",
        "Compare the path with the document's";
    /// The path has no such method.
    MethodUnknown = "method.unknown", 405, Challenge::None,
        "The path has no such method",
        "Use one of the methods in Allow";
    /// The path cannot be normalised.
    PathInvalid = "path.invalid", 400, Challenge::None,
        "The path is not valid",
        "Encode the path once, without dot segments, backslashes or control characters";
    /// The request breaks the contract.
    RequestInvalid = "request.invalid", 422, Challenge::None,
        "The request does not fit the contract",
        "Correct what the errors name";
    /// The body is of a media type that the operation does not take.
    BodyType = "body.type", 415, Challenge::None,
        "The body's media type is not accepted",
        "Send one of the media types that the document declares";
    /// The body is too big.
    BodySize = "body.size", 413, Challenge::None,
        "The body is too big",
        "Send less, or raise limits.body";
    /// Nothing that `Accept` allows.
    AnswerNone = "answer.none", 406, Challenge::None,
        "No answer in an accepted form",
        "Accept one of the media types that the document declares";
    /// The head is too big.
    HeadSize = "head.size", 431, Challenge::None,
        "The head is too big",
        "Send fewer or shorter header fields";
    /// The body came too slowly.
    RequestSlow = "request.slow", 408, Challenge::None,
        "The request took too long to arrive",
        "Send the body without long pauses";
    /// Two parts of the request name different sandboxes.
    SandboxAmbiguous = "sandbox.ambiguous", 400, Challenge::None,
        "Two sandboxes are named",
        "Name the sandbox in one place: subdomain, path or Lobby-Sandbox";
    /// No room for another sandbox.
    SandboxFull = "sandbox.full", 503, Challenge::None,
        "There is no room for another sandbox",
        "Delete sandboxes that are done with, advance main's clock past their idle end, or raise sandboxes.max";
    /// What has to be looked up cannot be, for the moment.
    Busy = "busy", 503, Challenge::None,
        "Not now",
        "Try again after Retry-After: the store is out of reach, or too many passwords wait to be hashed";
    /// Ours.
    Fault = "fault", 500, Challenge::None,
        "Something is broken here",
        "This is an error of Lobby: see its log for this request_id";
}

impl Code {
    /// The stable name: `token.expired`.
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The code of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// The status of the answer. `request.invalid` alone may also be answered with 400 (control.md,
    /// default 10).
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// What `WWW-Authenticate` says.
    pub const fn challenge(self) -> Challenge {
        self.row().challenge
    }

    /// What happened, in a few words: the problem's `title`.
    pub const fn text(self) -> &'static str {
        self.row().text
    }

    /// What a developer should change: the problem's `hint`, told by mocks alone. Without a full stop.
    pub const fn hint(self) -> &'static str {
        self.row().hint
    }

    /// Where the docs page explains it: `token-not-yet-valid`.
    pub fn anchor(self) -> String {
        self.as_str().replace(['.', '_'], "-")
    }

    /// Whether the guard says no; else it is an answer that is no denial.
    pub fn is_denial(self) -> bool {
        self < Self::OperationUnknown
    }

    /// Every denial, in the order of the papers.
    pub fn denials() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|code| code.is_denial())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_found_by_its_name_and_no_name_is_given_twice() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert!(!code.anchor().contains(['.', '_']), "{code}");
        }
        assert_eq!(Code::parse("token"), None);
    }

    #[test]
    fn a_401_always_challenges_and_a_server_error_never_does() {
        for code in Code::ALL {
            let challenged = code.challenge() != Challenge::None;
            assert!(code.status() != 401 || challenged, "{code}");
            assert!(code.status() < 500 || !challenged, "{code}");
        }
    }

    #[test]
    fn texts_are_one_sentence_without_its_full_stop() {
        for code in Code::ALL {
            for text in [code.text(), code.hint()] {
                assert!(!text.is_empty() && !text.ends_with('.') && !text.contains(". "), "{code}: {text}");
                assert!(text.is_ascii(), "{code}: {text}");
            }
        }
    }

    #[test]
    fn the_papers_denials_are_all_here_and_none_else() {
        assert_eq!(Code::denials().count(), 38);
        assert!(Code::UpstreamKeys.is_denial());
        assert!(!Code::OperationUnknown.is_denial() && !Code::Fault.is_denial());
    }
}
