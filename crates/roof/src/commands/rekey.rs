//! `lobby rekey`

use std::{fs, path::Path};

use store::{KEYS_EVERY, MasterKey, Resealed, Store};

use crate::{
    cli,
    exit::{Exit, Failure},
    report::Reporter,
    state::{KeyPlace, Place, fresh},
};

/// Changes the master key while servers go on: they learn by themselves what is sealed anew.
pub(crate) fn run(global: &cli::Global, arguments: &cli::Rekey) -> Result<Exit, Failure> {
    let place = Place::of_command(arguments.which.state.as_deref(), global.config.as_deref())?;
    let Some(key) = &place.key else { return Err(place.wrong("nothing is sealed in it".to_owned())) };
    let new = match &arguments.new_key {
        Some(reference) => {
            let new = KeyPlace::named(reference, Path::new(""));
            let missing = || Failure::Message { message: format!("there is no {}", new.shown()), hint: None };
            new.read()?.ok_or_else(missing)?
        }
        None if key.file().is_some() => fresh(),
        None => {
            return Err(Failure::new(
                format!("the key comes from {}, where no other can be put", key.shown()),
                "name the new one: lobby rekey --new-key '${LOBBY_NEW_KEY}'; servers are started with it from then on",
            ));
        }
    };
    let runtime = super::runtime()?;
    let done = runtime.block_on(async {
        let (store, _) = place.join().await?;
        let _alone = key.file().map(alone).transpose()?;
        change(&place, &store, key, &new).await
    })?;
    let where_to = match key.file() {
        Some(path) => format!("the new key is in {}", path.display()),
        None => format!("start servers with the new key as {} from now on", key.shown()),
    };
    let reporter = Reporter::new(global);
    reporter.line(&format!("sealed {} values anew; {where_to}", done.values));
    if done.lost > 0 {
        reporter.line(&format!("{} values did not open before and do not now", done.lost));
        return Ok(Exit::Findings);
    }
    Ok(Exit::Done)
}

/// Whoever holds a lock on the file of the old key changes it; nobody else does at the same time.
fn alone(path: &Path) -> Result<fs::File, Failure> {
    let failed = |why: String| Failure::Message {
        message: format!("cannot use {}: {why}", path.display()),
        hint: None,
    };
    let file = fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(failed("another rekey is under way".to_owned())),
        Err(fs::TryLockError::Error(error)) => Err(failed(error.to_string())),
    }
}

/// At every step the key that the file holds opens the store, so that it may end at any.
async fn change(place: &Place, store: &Store, key: &KeyPlace, new: &MasterKey) -> Result<Resealed, Failure> {
    let wrong = |fault: store::Fault| place.wrong(fault.to_string());
    store.begin_rekey(new).await.map_err(wrong)?;
    if let Some(path) = key.file() {
        KeyPlace::replace(path, new)
            .map_err(|error| place.wrong(format!("cannot write {}: {error}", path.display())))?;
    }
    let first = store.reseal().await.map_err(wrong)?;
    // By then every server has looked, and seals with the new one; what was sealed until then is walked again.
    tokio::time::sleep(KEYS_EVERY * 3).await;
    let second = store.reseal().await.map_err(wrong)?;
    if key.file().is_some() && key.read()?.is_none_or(|found| !found.is_same(new)) {
        return Err(place.wrong(format!("{} was changed by somebody else: both keys stay good", key.shown())));
    }
    store.finish_rekey().await.map_err(wrong)?;
    Ok(Resealed { values: first.values + second.values, lost: second.lost })
}
