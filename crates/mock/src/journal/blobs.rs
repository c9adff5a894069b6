use std::sync::Arc;

/// Longer ones are hardly ever sent twice.
const LONGEST: usize = 4096;
const PLACES: usize = 512;

/// Heads and bodies that were kept lately. A client sends the same head again and again, and a mock answers
/// the same body: what is the same is kept once.
#[derive(Debug)]
pub(super) struct Blobs(Vec<Option<Arc<[u8]>>>);

impl Default for Blobs {
    fn default() -> Self {
        Self(vec![None; PLACES])
    }
}

impl Blobs {
    /// The same bytes, if they are here.
    pub(super) fn find(&self, bytes: &[u8]) -> Option<Arc<[u8]>> {
        let kept = self.0.get(place(bytes))?.as_ref()?;
        (**kept == *bytes).then(|| kept.clone())
    }

    /// `bytes`, shared with those who keep the same.
    pub(super) fn share(&mut self, bytes: &[u8]) -> Arc<[u8]> {
        if let Some(kept) = self.find(bytes) {
            return kept;
        }
        let kept: Arc<[u8]> = bytes.into();
        if bytes.len() <= LONGEST
            && let Some(slot) = self.0.get_mut(place(bytes))
        {
            *slot = Some(kept.clone());
        }
        kept
    }
}

/// Eight bytes at a time; who finds two texts of one place wins nothing but an allocation.
fn place(bytes: &[u8]) -> usize {
    let mut hash = bytes.len() as u64;
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = (hash.rotate_left(5) ^ u64::from_le_bytes(*word)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    for byte in rest {
        hash = (hash.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
    usize::try_from(hash >> 55).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_kept_once() {
        let mut blobs = Blobs::default();
        assert!(Arc::ptr_eq(&blobs.share(b"accept: */*"), &blobs.share(b"accept: */*")));
        assert_eq!(&*blobs.share(b"accept: a"), b"accept: a");
        let long = vec![b'x'; LONGEST + 1];
        assert!(!Arc::ptr_eq(&blobs.share(&long), &blobs.share(&long)));
    }

    #[test]
    fn places_are_spread_and_within() {
        let texts = (0..2000).map(|number| format!("x-request: {number}"));
        let places: std::collections::BTreeSet<_> = texts.map(|text| place(text.as_bytes())).collect();
        assert!(places.len() > PLACES / 2, "{}", places.len());
        assert!(places.iter().all(|place| *place < PLACES));
    }
}
