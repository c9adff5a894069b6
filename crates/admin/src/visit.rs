use std::{net::IpAddr, sync::Arc};

use mock::sandbox::Sandbox;
use model::{RequestId, Timestamp};

/// What is around a control call.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Which sandbox it is for.
    pub sandbox: Arc<Sandbox>,
    /// The issuer that the call was made under: main's, or that of a sandbox named by subdomain or path.
    pub issuer: Arc<str>,
    /// The real time.
    pub real: Timestamp,
    /// The client, through trusted proxies.
    pub peer: IpAddr,
    /// The other end of the connection.
    pub socket: IpAddr,
    /// `Host`, or `:authority`, as it was sent.
    pub host: String,
    /// Names the request.
    pub id: RequestId,
}
