//! The figures in `docs/passwords.md`.
//!
//! `passwords flood [SECONDS]` asks for ten times the checks that the pool can do, and says what came of them,
//! of the memory, and of work beside it. `passwords pwned HASHES FILE` builds a filter of so many hashes, and
//! says how large it is, how long a look-up takes, and how often it is wrong.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a program that measures time, and prints it"
)]

use std::{
    fs::{self, File},
    io::{BufWriter, Error},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::available_parallelism,
    time::{Duration, Instant},
};

use aws_lc_rs::digest::{SHA256, digest};
use identity::{
    Cost, Passwords,
    password::{
        Stored,
        filter::{Bits, Builder, Filter, Sha1},
    },
};
use tokio::{runtime::Builder as Runtime, task::JoinSet, time::MissedTickBehavior};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default: u64| {
        arguments.get(place).and_then(|number| number.parse().ok()).unwrap_or(default)
    };
    match (arguments.first().map(String::as_str), arguments.get(2)) {
        (Some("flood"), _) => flood(number(1, 10)),
        (Some("pwned"), Some(file)) => pwned(number(1, 100_000_000), file),
        _ => Err(Error::other("passwords flood [SECONDS] | passwords pwned HASHES FILE")),
    }
}

/// What became of one check.
struct Fate {
    was_checked: bool,
    took: Duration,
}

fn flood(seconds: u64) -> Result<(), Error> {
    let workers = available_parallelism()?.get();
    let cost = Cost { workers, ..Cost::default() };
    let passwords = Arc::new(Passwords::new(cost, &[7; 32]));
    let runtime = Runtime::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let before = memory("VmRSS:");
        let rate = capacity(&passwords, workers, Duration::from_secs(3)).await;
        println!(
            "{workers} workers, {} waiting at most, argon2id {} KiB × {}",
            cost.queue, cost.memory, cost.passes
        );
        println!("without a queue: {rate:.0} checks a second");
        let alone = beside(&Arc::new(AtomicBool::new(false)), Duration::from_secs(2)).await;
        let over = Arc::new(AtomicBool::new(false));
        let other = tokio::spawn({
            let over = over.clone();
            async move { beside(&over, Duration::MAX).await }
        });
        let fates = overload(&passwords, rate * 10.0, Duration::from_secs(seconds)).await;
        over.store(true, Ordering::Relaxed);
        let together = other.await.unwrap_or_default();
        let (checked, refused): (Vec<Fate>, Vec<Fate>) = fates.into_iter().partition(|fate| fate.was_checked);
        let asked = checked.len() + refused.len();
        println!("asked: {asked} in {seconds} s, {:.1} times as many", asked as f64 / seconds as f64 / rate);
        println!(
            "checked: {} ({:.0} a second), {}",
            checked.len(),
            checked.len() as f64 / seconds as f64,
            spread(times(&checked))
        );
        println!("busy: {}, {}", refused.len(), spread(times(&refused)));
        println!("SHA-256 of 1 KiB beside it: {}; with the pool idle: {}", spread(together), spread(alone));
        println!("memory: {} MiB before, {} MiB at most", before >> 10, memory("VmHWM:") >> 10);
    });
    Ok(())
}

fn times(fates: &[Fate]) -> Vec<Duration> {
    fates.iter().map(|fate| fate.took).collect()
}

/// Checks a second, each worker having the next as soon as one is done.
async fn capacity(passwords: &Arc<Passwords>, workers: usize, time: Duration) -> f64 {
    let start = Instant::now();
    let mut callers = JoinSet::new();
    for caller in 0..workers {
        let passwords = passwords.clone();
        callers.spawn(async move {
            let mut done = 0_u64;
            while start.elapsed() < time {
                let _ = passwords.verify("nobody", &Stored::None, &format!("{caller} {done}")).await;
                done += 1;
            }
            done
        });
    }
    let done: u64 = callers.join_all().await.into_iter().sum();
    done as f64 / start.elapsed().as_secs_f64()
}

/// Asks so often a second, whatever comes of it.
async fn overload(passwords: &Arc<Passwords>, rate: f64, time: Duration) -> Vec<Fate> {
    let start = Instant::now();
    let mut callers = JoinSet::new();
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut asked = 0_u64;
    while start.elapsed() < time {
        clock.tick().await;
        while (asked as f64) < start.elapsed().as_secs_f64() * rate {
            let passwords = passwords.clone();
            callers.spawn(async move {
                let (start, stored) = (Instant::now(), Stored::None);
                let result = passwords.verify("nobody", &stored, &format!("flood {asked}")).await;
                Fate { was_checked: result.is_ok(), took: start.elapsed() }
            });
            asked += 1;
        }
    }
    callers.join_all().await
}

/// What a token check does, each millisecond: from when it was due until it is done.
async fn beside(over: &Arc<AtomicBool>, time: Duration) -> Vec<Duration> {
    let start = Instant::now();
    let mut took = Vec::new();
    let mut clock = tokio::time::interval(Duration::from_millis(1));
    while !over.load(Ordering::Relaxed) && start.elapsed() < time {
        let due = clock.tick().await.into_std();
        std::hint::black_box(digest(&SHA256, &[0; 1024]));
        took.push(due.elapsed());
    }
    took
}

fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
    let show = |time: Option<&Duration>| format!("{:.2?}", time.copied().unwrap_or_default());
    format!("half within {}, 99 % within {}, all within {}", show(at(50)), show(at(99)), show(times.last()))
}

/// KiB, as Linux counts them.
fn memory(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// The hash with this number of `count`, in order: evenly spread, the rest being as random as a hash.
fn hash(number: u64, count: u64) -> Sha1 {
    let step = u64::MAX / count.max(1);
    let mut hash = Sha1::of(number.to_le_bytes());
    let jitter = hash.0.iter().skip(8).take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
    let key = number * step + jitter % step.max(1);
    hash.0.iter_mut().zip(key.to_be_bytes()).for_each(|(to, from)| *to = from);
    hash
}

fn pwned(count: u64, file: &str) -> Result<(), Error> {
    for bits in [Bits::Eight, Bits::Sixteen] {
        let start = Instant::now();
        let out = BufWriter::with_capacity(1 << 20, File::create(file)?);
        let mut builder = Builder::new(out, bits, count).map_err(Error::other)?;
        for number in 0..count {
            builder.push(hash(number, count)).map_err(Error::other)?;
        }
        let built = builder.finish().map_err(Error::other)?;
        println!(
            "{} bits: {} hashes in {:.0?}, {} bytes, {:.3} a hash, {} MiB of memory at most",
            bits.count(),
            built.entries,
            start.elapsed(),
            built.bytes,
            built.bytes as f64 / built.entries as f64,
            memory("VmHWM:") >> 10,
        );
        ask(file, count)?;
    }
    fs::remove_file(file)
}

fn ask(file: &str, count: u64) -> Result<(), Error> {
    let map = mmap_io::MemoryMappedFile::open_ro(file).map_err(Error::other)?;
    let bytes = map.as_slice_bytes(0, map.len()).map_err(Error::other)?;
    let filter = Filter::open(bytes).map_err(Error::other)?;
    let tries = 10_000_000_u64;
    // Spread over the whole file, in no order.
    let inside: Vec<Sha1> = (0..1_000_000_u64)
        .map(|number| hash(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) % count, count))
        .collect();
    let lost = inside.iter().filter(|hash| !filter.contains(hash)).count();
    let start = Instant::now();
    let found = inside.iter().filter(|hash| filter.contains(hash)).count();
    let each = start.elapsed() / 1_000_000;
    let alarms = (0..tries)
        .map(|number| Sha1::of([&number.to_le_bytes()[..], b"outside"].concat()))
        .filter(|hash| filter.contains(hash))
        .count();
    println!(
        "  {each:?} a look-up, {lost} of {} lost, {alarms} false alarms in {tries}: one in {:.0}",
        found,
        tries as f64 / alarms as f64
    );
    Ok(())
}
