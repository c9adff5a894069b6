use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::ValueEnum;

use crate::machine::{self, JAVA, LOAD, NODE, NPM, POSTGRESQL};
use crate::{server, shell};

mod http;
mod load;
mod page;
mod peer;
mod people;
mod subject;
mod tokens;

use load::Load;
use page::{Page, Row};
use subject::Subject;

/// The document that all serve.
const DOCUMENT: &str = "examples/bookshop.openapi.yaml";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The parts to run; all when none is named
    parts: Vec<Part>,
    /// Rounds of load for each subject, of which the best counts
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// How long a round of load takes
    #[arg(long, default_value_t = 3, value_name = "SECONDS")]
    seconds: u32,
    /// Measure this binary in place of a release that is built now
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// How many users there are for the part `people`
    #[arg(long, default_value_t = 1_000_000)]
    users: u64,
    /// Write the tables into docs/performance.md, and those of the part `people` into docs/store.md
    #[arg(long)]
    write: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// hyper alone: the floor
    Bare,
    /// `GET /books` with a verified token
    Lobby,
    /// `GET /books` with a token never seen before
    Fresh,
    /// `GET /books` of the peers
    Peers,
    /// From the start to the banner and the first 200
    Start,
    /// GitHub's document, 13 MB
    Github,
    /// The store among a thousand users and among a million; only where it is named
    People,
}

/// How often a subject is put under load, and for how long.
#[derive(Clone, Copy)]
struct Effort {
    rounds: u32,
    seconds: u32,
}

/// Measures all that was asked for in one run: one subject after the other, all on the same cores with the
/// same load.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.parts.contains(&Part::People) {
        machine::provide(&[POSTGRESQL])?;
        people::measure(arguments.users, arguments.write)?;
        if arguments.parts.len() == 1 {
            return Ok(());
        }
    }
    let chosen = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    machine::provide(&[LOAD])?;
    let effort = Effort { rounds: arguments.rounds.max(1), seconds: arguments.seconds.max(1) };
    let document = shell::root().join(DOCUMENT);
    let mut page = Page::default();
    if chosen(Part::Bare) {
        page.rows.push(bare(effort)?);
    }
    let ours = [Part::Lobby, Part::Fresh, Part::Start, Part::Github];
    let binary = match &arguments.binary {
        Some(binary) => std::path::absolute(binary)?,
        None if ours.into_iter().any(chosen) => server::build(true)?,
        None => PathBuf::new(),
    };
    if chosen(Part::Lobby) {
        page.rows.push(lobby(&binary, &document, effort)?);
    }
    if chosen(Part::Fresh) {
        page.rows.push(fresh(&binary, &document, effort)?);
    }
    if chosen(Part::Peers) {
        machine::provide(&[NODE, NPM, JAVA])?;
        for peer in peer::ALL {
            page.rows.push(under_load(
                &peer.start(&document, &["/books", "/bookshop/books"])?,
                peer.name,
                effort,
            )?);
        }
    }
    if chosen(Part::Start) {
        page.notes.push(start(&binary, &document)?);
    }
    if chosen(Part::Github) {
        machine::provide(&[NODE, NPM])?;
        github(&binary, &mut page)?;
    }
    page.print();
    if arguments.write {
        page.write(&shell::root().join("docs/performance.md"))?;
    }
    Ok(())
}

fn bare(effort: Effort) -> Result<Row> {
    let target = shell::target()?;
    let build = ["build", "--release", "--package", "testkit", "--example", "bare", "--target-dir"];
    shell::run(shell::cargo(build).arg(&target))?;
    let subject = Subject::printing_its_port(&target.join("release/examples/bare"), &["shared"])?;
    under_load(&subject, "hyper alone", effort)
}

fn lobby(binary: &Path, document: &Path, effort: Effort) -> Result<Row> {
    let mut subject = Subject::lobby(binary, document)?;
    let refused = http::get(subject.port, "/books", "Authorization: Bearer garbage\r\n")?;
    ensure!(refused.status == 401, "a garbage token was answered {}", refused.status);
    let token = tokens::one(subject.port)?;
    subject.header = format!("Authorization: Bearer {token}");
    under_load(&subject, "Lobby, token verified", effort)
}

fn fresh(binary: &Path, document: &Path, effort: Effort) -> Result<Row> {
    let subject = Subject::lobby(binary, document)?;
    let idle = subject.resident()?;
    let mut best = Load::default();
    for _ in 0..effort.rounds {
        let script = tokens::script(subject.port, effort.seconds)?;
        best = best.better(load::with_script(subject.port, "/books", effort.seconds, script.path())?);
    }
    let name = "Lobby, token never seen before".to_owned();
    Ok(Row { name, load: best, first: subject.first, idle, loaded: subject.peak()? })
}

fn under_load(subject: &Subject, name: &str, effort: Effort) -> Result<Row> {
    let idle = subject.resident()?;
    // What a just-in-time compiler needs to be at its best.
    load::run(subject.port, &subject.path, effort.seconds, &subject.header)?;
    let mut best = Load::default();
    for _ in 0..effort.rounds {
        best = best.better(load::run(subject.port, &subject.path, effort.seconds, &subject.header)?);
    }
    println!("{name}: {:.0}/s", best.requests);
    Ok(Row { name: name.to_owned(), load: best, first: subject.first, idle, loaded: subject.peak()? })
}

fn start(binary: &Path, document: &Path) -> Result<String> {
    let mut banner = subject::banner(binary, document)?;
    let mut first = Subject::lobby(binary, document)?.first;
    for _ in 1..5 {
        banner = banner.min(subject::banner(binary, document)?);
        first = first.min(Subject::lobby(binary, document)?.first);
    }
    let (banner, first) = (page::milliseconds(banner), page::milliseconds(first));
    Ok(format!("The bookshop: banner {banner} after the start, first 200 with a token {first} (best of 5)."))
}

/// What can serve GitHub's document, and from when on.
fn github(binary: &Path, page: &mut Page) -> Result<()> {
    let document = peer::github()?;
    let mut lines =
        vec!["GitHub's document, 13 MB, from the start to the first 200, and memory then:".to_owned()];
    let mut ours = Subject::first_answer(binary, &document, "/meta")?;
    for _ in 1..3 {
        let again = Subject::first_answer(binary, &document, "/meta")?;
        if again.first < ours.first {
            ours = again;
        }
    }
    lines.push(page::start_line("Lobby", ours.first, ours.peak()?));
    drop(ours);
    for peer in peer::ALL.iter().filter(|peer| peer.serves_github) {
        let subject = peer.start(&document, &["/meta"])?;
        lines.push(page::start_line(peer.name, subject.first, subject.peak()?));
    }
    page.notes.push(lines.join("\n"));
    Ok(())
}
