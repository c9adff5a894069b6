//! What a sign-in, the check of a session, the check of an API key and a refresh cost among a thousand users and
//! among a million, on SQLite and on PostgreSQL; and how many durable writes there are in a second.
//!
//! `people FOLDER [USERS]` makes the databases below FOLDER (10 GB each for a million) and prints tables of
//! Markdown. Hashing a password is no part of a sign-in here: it takes as long however many users there are.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a program that measures time, and prints it"
)]

use std::{error::Error, path::Path, time::Duration};

use store::{Location, Store};
use testkit::Postgres;
use tokio::runtime::Builder;

mod fill;
mod sample;
mod writes;

use sample::Costs;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// How many there are in the small database that the large one is held against.
const FEW: u64 = 1_000;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("people FOLDER [USERS]")?;
    let many = arguments.next().map_or(Ok(1_000_000), |users| users.parse())?;
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let folder = Path::new(&folder);
        println!("| | median of one after the other | {FEW} users | {many} users | times |");
        println!("| --- | --- | ---: | ---: | ---: |");
        let few = on_sqlite(&folder.join("few.db"), FEW).await?;
        let at = folder.join("many.db");
        let lots = on_sqlite(&at, many).await?;
        print("SQLite", &few, &lots);
        let few = on_postgres(FEW).await?;
        print("PostgreSQL", &few, &on_postgres(many).await?);
        println!("\n{}", writes::measure(folder, &at).await?);
        Ok(())
    })
}

async fn on_sqlite(at: &Path, users: u64) -> Outcome<Costs> {
    let location = Location::File(at.to_owned());
    drop(Store::open(&location).await?);
    fill::sqlite(at, users)?;
    eprintln!("SQLite is filled: {users} users. Measuring");
    sample::costs(&location).await
}

async fn on_postgres(users: u64) -> Outcome<Costs> {
    let server = Postgres::start();
    let location = Location::Postgres(server.url());
    drop(Store::open(&location).await?);
    fill::postgres(&server.url(), users).await?;
    eprintln!("PostgreSQL is filled: {users} users. Measuring");
    sample::costs(&location).await
}

fn print(database: &str, few: &Costs, many: &Costs) {
    for ((what, few), (_, many)) in few.iter().zip(many) {
        let times = many.as_secs_f64() / few.as_secs_f64();
        println!("| {database} | {what} | {} | {} | {times:.1} |", span(*few), span(*many));
    }
}

fn span(span: Duration) -> String {
    match span.as_nanos() {
        nanos @ ..10_000 => format!("{:.2} µs", nanos as f64 / 1e3),
        nanos => format!("{:.0} µs", nanos as f64 / 1e3),
    }
}
