/// An error of the authorization server that a step can ask for: the registered ones (RFC 6749 11.4 and
/// what registers there) that a client may meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OAuthError(&'static str);

impl OAuthError {
    /// All of them, in alphabetical order.
    pub const ALL: [Self; 30] = [
        Self("access_denied"),
        Self("account_selection_required"),
        Self("authorization_pending"),
        Self("consent_required"),
        Self("expired_token"),
        Self("insufficient_scope"),
        Self("insufficient_user_authentication"),
        Self("interaction_required"),
        Self("invalid_client"),
        Self("invalid_dpop_proof"),
        Self("invalid_grant"),
        Self("invalid_request"),
        Self("invalid_request_object"),
        Self("invalid_request_uri"),
        Self("invalid_scope"),
        Self("invalid_target"),
        Self("invalid_token"),
        Self("login_required"),
        Self("registration_not_supported"),
        Self("request_not_supported"),
        Self("request_uri_not_supported"),
        Self("server_error"),
        Self("slow_down"),
        Self("temporarily_unavailable"),
        Self("unauthorized_client"),
        Self("unmet_authentication_requirements"),
        Self("unsupported_grant_type"),
        Self("unsupported_response_type"),
        Self("unsupported_token_type"),
        Self("use_dpop_nonce"),
    ];

    /// Reads one: `access_denied`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|error| error.0 == text)
    }

    /// As it stands in the answer's `error`.
    pub fn as_str(self) -> &'static str {
        self.0
    }
}
