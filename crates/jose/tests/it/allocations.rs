use std::{sync::Arc, time::Duration};

use jose::{Algorithm, KeySet, digest};

use crate::stage::{NOW, Stage};

#[test]
fn judging_a_cached_token_again_allocates_nothing() {
    let stage = Stage::new(Algorithm::Es256);
    let token = stage.token(|_| {});
    let verified = stage.judge(&token).unwrap();
    let mut reloaded = stage.trust.clone();
    reloaded.keys = Arc::new(KeySet::new([stage.key.public().clone()]));
    let late = NOW.plus(Duration::from_secs(3600));
    let mut outcomes = (Ok(()), Ok(()), Ok(()), [0; 32]);
    let counted = allocation_counter::measure(|| {
        outcomes = (
            verified.recheck(&stage.trust, NOW),
            verified.recheck(&reloaded, NOW),
            verified.recheck(&stage.trust, late),
            digest::sha256(&token),
        );
    });
    assert_eq!(counted.count_total, 0);
    assert_eq!((outcomes.0, outcomes.1), (Ok(()), Ok(())));
    assert_eq!(outcomes.2.unwrap_err().code(), "token.expired");
}
