use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

/// How many connections each address has open, so that none shuts all others out: half of all that there may be.
#[derive(Clone)]
pub(crate) struct Shares {
    of: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most: usize,
}

/// A connection of an address, for as long as this is held.
pub(crate) struct Share {
    shares: Shares,
    address: IpAddr,
}

impl Shares {
    /// Of so many connections.
    pub(crate) fn of(connections: usize) -> Self {
        Self { of: Arc::default(), most: connections.div_ceil(2) }
    }

    /// One more connection of an address (of IPv6, of a network of 64 bits); `None` where it has its half.
    pub(crate) fn take(&self, address: IpAddr) -> Option<Share> {
        let address = guard::household(address);
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let open = of.entry(address).or_default();
        if *open >= self.most {
            return None;
        }
        *open += 1;
        Some(Share { shares: self.clone(), address })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut of = self.shares.of.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = of.get_mut(&self.address) {
            *open -= 1;
            if *open == 0 {
                of.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_address_has_more_than_half_and_what_ends_is_free_again() {
        let shares = Shares::of(5);
        let [one, neighbour, other] =
            ["2001:db8::1", "2001:db8::2", "192.0.2.1"].map(|ip| ip.parse().unwrap());
        let mut held = [one, neighbour, one].map(|ip| shares.take(ip).unwrap());
        assert!(shares.take(neighbour).is_none());
        assert!(shares.take(other).is_some());
        held[0] = shares.take(other).unwrap();
        assert!(shares.take(one).is_some());
        drop(held);
        assert!(shares.of.lock().unwrap().is_empty(), "nothing is kept of whoever has gone");
    }
}
