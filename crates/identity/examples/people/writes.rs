use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use model::RealmId;
use store::{Location, Store, User};
use tokio::task::JoinSet;

use crate::{
    Outcome,
    sample::{REALM, grant, turn},
};

/// How many ask at once.
const ASKING: usize = 256;
/// How long each is measured.
const SPAN: Duration = Duration::from_secs(5);

/// How many writes there are in a second that survive a loss of power, of many that ask at once; and how often
/// the disk can be told to keep what it was given.
pub(crate) async fn measure(folder: &Path, at: &Path) -> Outcome<String> {
    let disk = syncs(&folder.join("synced"))?;
    let store = Store::open(&Location::File(at.to_owned())).await?;
    let sign_ups = together(&store, |store: Store, realm, number| async move {
        let mut user = User::new(format!("new-{number}"), model::Timestamp::from_seconds(0));
        user.name = format!("new{number}");
        user.name_key.clone_from(&user.name);
        store.add_user(&realm, user).await.map(drop)
    });
    let sign_ups = sign_ups.await?;
    let refreshes = together(&store, |store: Store, realm, number| async move {
        let family = format!("new-{number}");
        let now = model::Timestamp::from_seconds(0);
        store.begin_family(&realm, &family, &grant("somebody"), now, now.plus(SPAN)).await?;
        store.rotate_refresh(&realm, turn(&family), now).await.map(drop)
    });
    let refreshes = refreshes.await? * 2.0;
    Ok(format!(
        "Durable writes in a second among as many, on SQLite, of {ASKING} that ask at once: {sign_ups:.0} sign-ups, \
         {refreshes:.0} of new refresh tokens and their first use. The disk keeps {disk:.0} single writes of 4 KiB in a \
         second (fsync)."
    ))
}

async fn together<J, F>(store: &Store, job: J) -> Outcome<f64>
where
    J: Fn(Store, RealmId, usize) -> F + Clone + Send + 'static,
    F: Future<Output = Result<(), store::Fault>> + Send,
{
    let began = Instant::now();
    let mut asking = JoinSet::new();
    for number in 0..ASKING {
        let (store, job) = (store.clone(), job.clone());
        asking.spawn(async move {
            let mut done = 0_usize;
            while began.elapsed() < SPAN {
                job(store.clone(), RealmId::new(REALM), done * ASKING + number).await?;
                done += 1;
            }
            Ok::<_, store::Fault>(done)
        });
    }
    let mut done = 0;
    for each in asking.join_all().await {
        done += each?;
    }
    Ok(done as f64 / began.elapsed().as_secs_f64())
}

fn syncs(at: &Path) -> Outcome<f64> {
    let mut file = File::create(at)?;
    let began = Instant::now();
    let mut done = 0_u32;
    while began.elapsed() < SPAN {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
        done += 1;
    }
    Ok(f64::from(done) / began.elapsed().as_secs_f64())
}
