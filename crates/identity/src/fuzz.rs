//! Bodies for fuzzing: each takes any bytes, and must come back.

use crate::passkey::{Attestation, verify_tpm};

/// The reader of attestation objects, and of what a TPM writes.
pub fn attestation(data: &[u8]) {
    let Some(attestation) = Attestation::read(data) else { return };
    let _ = verify_tpm(&attestation, b"{}");
    let bare = Attestation::read(&attestation.bare());
    assert!(bare.is_none_or(|bare| !bare.is_of_a_tpm()), "what was taken out is not there");
}
