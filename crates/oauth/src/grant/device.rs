use store::Poll;

use super::Exchange;
use crate::{
    answer::{Answer, Refusal},
    opaque::Kind,
};

/// A device asks whether somebody has let it in (RFC 8628 3.4).
pub(crate) async fn serve(exchange: Exchange<'_>) -> Result<Answer, Refusal> {
    let Exchange { call, proven, .. } = exchange;
    let wrong = || Refusal::grant("the device code is unknown, used, or another client's");
    let hash = exchange.hash_of(Kind::Device, exchange.need("device_code")?).ok_or_else(wrong)?;
    let (visit, store) = (call.visit, &call.server.store);
    let poll = store.poll_device(&call.realm, hash, &proven.client.id, visit.now, visit.real).await?;
    let grant = match poll {
        Poll::Unknown => return Err(wrong()),
        Poll::Expired => return Err(Refusal::new("expired_token", "the device code is too old")),
        Poll::Pending => return Err(Refusal::new("authorization_pending", "nobody has decided yet")),
        Poll::SlowDown => {
            return Err(Refusal::new("slow_down", "wait five seconds longer between two tries"));
        }
        Poll::Denied => return Err(Refusal::new("access_denied", "somebody refused")),
        Poll::Allowed(grant) => *grant,
    };
    exchange.begin(grant, call.family()).await
}
