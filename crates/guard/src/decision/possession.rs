use jose::dpop;

use super::Decision;
use crate::{
    Binding, Bound, Cause, Word,
    collect::{Authorization, Proof},
};

impl Decision<'_> {
    /// Whether the request shows what its token is bound to (RFC 9449 7.1 and 7.2, RFC 8705 3). Says nothing
    /// of replays: that is for the second round.
    pub(super) fn possession(
        &self,
        word: Word,
        bound: Option<&Binding>,
    ) -> Result<Option<dpop::Proof>, Cause> {
        match (bound, word) {
            (None, Word::Bearer) if self.question.settings.dpop.required => {
                Err(Cause::ProofMissing(Bound::KeyAsBearer))
            }
            (None, Word::Bearer) => Ok(None),
            (None, Word::DPoP) => Err(Cause::ProofInvalid {
                bound: Bound::OtherKey,
                fault: "the token is bound to no key and cannot be used with one",
            }),
            (Some(Binding::Key(_)), Word::Bearer) => Err(Cause::ProofMissing(Bound::KeyAsBearer)),
            (Some(Binding::Key(jkt)), Word::DPoP) => self.prove_key(jkt).map(Some),
            (Some(Binding::Certificate(hash)), Word::Bearer | Word::DPoP) => {
                self.prove_certificate(hash).map(|()| None)
            }
            (Some(Binding::Unknown), Word::Bearer | Word::DPoP) => Err(Cause::ProofInvalid {
                bound: Bound::OtherKey,
                fault: "the token is bound to something that nothing here can prove",
            }),
        }
    }

    fn prove_key(&self, jkt: &str) -> Result<dpop::Proof, Cause> {
        let question = &self.question;
        let text = match question.collected.proof {
            Proof::None => return Err(Cause::ProofMissing(Bound::Key)),
            Proof::Unfit(fault) => return Err(Cause::ProofInvalid { bound: Bound::Key, fault }),
            Proof::One(text) => text,
        };
        let Authorization::Token { text: token, .. } = question.collected.authorization else {
            return Err(Cause::Fault);
        };
        let target = question.target;
        let uri = format!("{}://{}{}", target.scheme, target.authority, target.path);
        let dpop = &question.settings.dpop;
        let expected = dpop::Expected {
            method: question.method.as_str(),
            uri: &uri,
            access_token: Some(token),
            now: question.real,
            window: dpop.window,
            leeway: dpop.leeway,
        };
        let proof = dpop::verify(text, &expected)
            .map_err(|error| Cause::ProofInvalid { bound: Bound::Key, fault: fault(error) })?;
        // RFC 9449 4.3, check 12, and 6: the key of the proof is the token's.
        if *proof.jkt != *jkt {
            return Err(Cause::ProofInvalid {
                bound: Bound::OtherKey,
                fault: "it is of another key than the token's",
            });
        }
        if dpop.nonce && proof.nonce.is_none() {
            return Err(Cause::ProofNonce);
        }
        Ok(proof)
    }

    fn prove_certificate(&self, hash: &[u8; 32]) -> Result<(), Cause> {
        let collected = &self.question.collected;
        match collected.connection {
            Some(certificate) if certificate.sha256 == *hash => Ok(()),
            None if !collected.claims_certificate => Err(Cause::ProofMissing(Bound::Certificate)),
            // RFC 8705 3: another certificate; or a field that claims one, which proves nothing.
            Some(_) | None => Err(Cause::ProofInvalid {
                bound: Bound::Certificate,
                fault: "the connection has not the certificate that the token is bound to",
            }),
        }
    }
}

fn fault(error: dpop::ProofError) -> &'static str {
    match error {
        dpop::ProofError::Malformed => "it is no well-formed JWT with jti, htm, htu and iat",
        dpop::ProofError::Type => "its typ is not dpop+jwt",
        dpop::ProofError::Algorithm => "it is not signed with an asymmetric algorithm that is accepted here",
        dpop::ProofError::Key => "its jwk is no public key that fits its algorithm",
        dpop::ProofError::Signature => "its signature is wrong",
        dpop::ProofError::Method => "it is for another method",
        dpop::ProofError::Uri => "it is for another URL",
        dpop::ProofError::Time => "it was not made just now, by the real clock",
        dpop::ProofError::AccessToken => "it is not for this token",
    }
}
