use std::{borrow::Borrow, sync::Arc};

use model::Timestamp;
use serde_json::Map;

use super::{Presented, Trust};
use crate::{Algorithm, AlgorithmSet, Claims, KeySet, Rejection, jws::Header};

/// A token whose issuer, key, type, audience, times and signature were checked. Only [`verify`] makes one.
#[derive(Debug, Clone)]
pub struct Verified {
    header: Header,
    claims: Claims,
    algorithm: Algorithm,
    trust: usize,
    keys: Arc<KeySet>,
    key: [u8; 32],
}

/// Judges `presented` by whichever of `trusts` has its issuer, at `now`, and tells the first failure in the
/// order of [`crate::Check`].
pub fn verify<T: Borrow<Trust>>(
    presented: Presented<'_>,
    trusts: &[T],
    now: Timestamp,
) -> Result<Verified, Rejection> {
    let algorithm = presented.compact.algorithm()?;
    let issued_by = |trust: &T| presented.claims.iss.as_deref() == Some(&*trust.borrow().issuer);
    let found =
        trusts.iter().enumerate().find(|(_, trust)| issued_by(trust)).map(|(at, trust)| (at, trust.borrow()));
    // Which algorithms are allowed depends on the issuer; of a stranger's token only those that anybody is
    // trusted with can be asked for.
    let anybody =
        || trusts.iter().fold(AlgorithmSet::NONE, |all, trust| all.joined(trust.borrow().algorithms));
    let allowed = found.map_or_else(anybody, |(_, trust)| trust.algorithms);
    if !allowed.contains(algorithm) {
        return Err(Rejection::Algorithm("the issuer is not trusted with this algorithm"));
    }
    let (index, trust) = found.ok_or(Rejection::Issuer)?;
    let key = presented.compact.key_among(&trust.keys)?;
    trust.judge(presented.header(), &presented.claims, now)?;
    presented.compact.verify(key)?;
    Ok(Verified {
        algorithm,
        trust: index,
        keys: trust.keys.clone(),
        key: *key.thumbprint_bytes(),
        claims: presented.claims,
        header: presented.compact.into_header(),
    })
}

impl Verified {
    /// What the token says, believed.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Its header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// What it was signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The place of its issuer's [`Trust`] among those that it was verified by.
    pub fn trust(&self) -> usize {
        self.trust
    }

    /// Only what [`Self::recheck`] and a decision read of it: without the claims and the header as they were
    /// written, which take most of the memory. For whoever remembers many.
    #[must_use]
    pub fn kept(self) -> Self {
        let claims = Claims { raw: Map::new(), ..self.claims };
        Self { header: self.header.kept(), claims, ..self }
    }

    /// The bytes that it takes besides itself, near enough, once it is [kept](Self::kept).
    pub fn weight(&self) -> usize {
        self.header.weight() + self.claims.weight()
    }

    /// Judges it again, at another time or by a trust that was changed: everything but the signature, which
    /// cannot have changed while the key is still the issuer's. Allocates nothing.
    pub fn recheck(&self, trust: &Trust, now: Timestamp) -> Result<(), Rejection> {
        let same_issuer = self.claims.iss.as_deref() == Some(&*trust.issuer);
        if !trust.algorithms.contains(self.algorithm) {
            return Err(Rejection::Algorithm("the issuer is not trusted with this algorithm"));
        }
        if !same_issuer {
            return Err(Rejection::Issuer);
        }
        if !Arc::ptr_eq(&self.keys, &trust.keys) && !trust.keys.holds(&self.key) {
            return Err(Rejection::Key("the issuer no longer has this key"));
        }
        trust.judge(&self.header, &self.claims, now)
    }
}
