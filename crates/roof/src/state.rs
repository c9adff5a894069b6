//! What survives a restart: the store, by `--state DIR` or by `store:` in lobby.yaml, and the keys that are kept
//! in it, sealed with the master key.

mod files;
mod key;
mod place;

use jose::{Algorithm, SigningKey};
use model::{Clock, Entropy, RealmId, Secret};
use store::{Fault, Store, WHOLE_STORE};

use crate::{
    exit::Failure,
    system::{SystemClock, SystemEntropy},
};

pub(crate) use self::{
    files::{
        create_private, name_whole, part_of, private_database, private_folder, sync_file, write_private,
    },
    key::{KeyPlace, fresh},
    place::{Place, beside},
};

/// A store that is open, with the keys of the authorization server.
pub(crate) struct Kept {
    pub(crate) store: Store,
    /// `None` where it ends with the process: one is made when it is first needed.
    pub(crate) signing: Option<SigningKey>,
    /// From which the keys of refresh tokens, forms and nonces are derived.
    pub(crate) master: [u8; 32],
    /// What there is to know of it, once.
    pub(crate) note: Option<String>,
}

impl Kept {
    /// Opens what is to be kept; new keys are made where there are none, and nodes that begin at once agree on
    /// them. Nothing that is kept can be read by others.
    pub(crate) async fn open(place: &Place, algorithm: Algorithm) -> Result<Self, Failure> {
        let (store, note) = place.open().await?;
        if place.is_in_memory() {
            return Ok(Self { store, signing: None, master: SystemEntropy.bytes(), note });
        }
        let signing = signing(&store, algorithm).await.map_err(|why| place.wrong(why))?;
        let master = master(&store).await.map_err(|why| place.wrong(why))?;
        Ok(Self { store, signing: Some(signing), master, note })
    }
}

async fn signing(store: &Store, algorithm: Algorithm) -> Result<SigningKey, String> {
    let make = || {
        let key = SigningKey::generate(algorithm).map_err(|error| error.to_string())?;
        let name = algorithm.as_str();
        key.to_pkcs8().ok_or_else(|| format!("{name} keys cannot be kept; choose ES256, RS256 or EdDSA"))
    };
    let kept = kept(store, &format!("oauth.signing.{}", algorithm.as_str()), make).await?;
    let read = SigningKey::from_pkcs8(algorithm, kept.expose());
    read.map_err(|_| "the signing key that is kept in it cannot be read".to_owned())
}

async fn master(store: &Store) -> Result<[u8; 32], String> {
    let make = || Ok(Secret::new(SystemEntropy.bytes::<32>().to_vec()));
    let kept = kept(store, "oauth.master", make).await?;
    let read = kept.expose().as_slice().try_into();
    read.map_err(|_| "the master of refresh tokens that is kept in it cannot be read".to_owned())
}

/// A secret of the whole store: the one that is there, or one that is made now.
async fn kept(
    store: &Store,
    name: &str,
    make: impl FnOnce() -> Result<Secret<Vec<u8>>, String>,
) -> Result<Secret<Vec<u8>>, String> {
    let failed = |fault: Fault| fault.to_string();
    let house = RealmId::new(WHOLE_STORE);
    if let Some(kept) = store.unseal(&house, name).await.map_err(failed)? {
        return Ok(kept);
    }
    let first = make()?;
    store.seal_first(&house, name, first.expose(), SystemClock.now()).await.map_err(failed)
}
