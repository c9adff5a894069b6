//! Bodies for fuzzing: each takes any bytes, and must come back.

use crate::passkey::Attested;

/// The reader of attestation objects, and of what a TPM writes.
pub fn attestation(data: &[u8]) {
    let Some(attested) = Attested::read(data) else { return };
    let _ = attested.verify(b"{}");
    assert!(Attested::read(&attested.bare()).is_none(), "what was taken out is not there");
}
