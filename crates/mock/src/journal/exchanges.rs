use std::sync::Arc;

use super::{Exchange, Kept};

const PLACES: usize = 512;

/// Exchanges that were kept lately. A client that asks the same again is answered the same: that is kept once,
/// and each request of it takes no more than its id and times.
#[derive(Debug)]
pub(super) struct Exchanges(Vec<Option<Arc<Exchange>>>);

impl Default for Exchanges {
    fn default() -> Self {
        Self(vec![None; PLACES])
    }
}

impl Exchanges {
    /// `exchange`, shared with those who keep the same.
    pub(super) fn share(&mut self, exchange: Exchange) -> Arc<Exchange> {
        let Some(slot) = self.0.get_mut(place(&exchange)) else { return Arc::new(exchange) };
        match slot {
            Some(kept) if **kept == exchange => kept.clone(),
            Some(_) | None => slot.insert(Arc::new(exchange)).clone(),
        }
    }
}

/// By where its texts lie, as equal ones are shared already: one that lies elsewhere is only kept once more.
fn place(exchange: &Exchange) -> usize {
    let Exchange { path, query, request, answer, persona, status, .. } = exchange;
    let texts = [&path.0, &query.0, &request.head.0, &answer.head.0].map(|text| text.as_ptr().addr());
    let bodies = [&request.body, &answer.body].map(body_address);
    let whose = persona.as_deref().unwrap_or_default().bytes().map(usize::from);
    let all = texts.into_iter().chain(bodies).chain([usize::from(*status)]).chain(whose);
    let hash =
        all.fold(0_u64, |hash, part| (hash.rotate_left(5) ^ part as u64).wrapping_mul(0x517c_c1b7_2722_0a95));
    usize::try_from(hash >> 55).unwrap_or(0)
}

fn body_address(body: &Kept) -> usize {
    body.bytes().map_or(0, |bytes| bytes.as_ptr().addr())
}
