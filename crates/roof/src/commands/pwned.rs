//! `lobby pwned`

mod list;

use std::{
    fs::{self, File},
    io::{self, BufRead, BufWriter, Write},
    path::{Path, PathBuf},
};

use identity::password::filter::{Bits, Builder, Built};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::list::{Line, List, ListError};
use crate::{
    cli::pwned::{self, Build, Check, Command, Pwned},
    exit::{Exit, Failure},
    leaks,
};

/// Makes a filter, or asks one.
pub(crate) fn run(arguments: &Pwned) -> Result<Exit, Failure> {
    match &arguments.command {
        Command::Build(build) => make(build),
        Command::Check(check) => ask(check),
    }
}

fn make(arguments: &Build) -> Result<Exit, Failure> {
    let lists = list::of(&arguments.files).map_err(told)?;
    let bits = match arguments.bits {
        pwned::Bits::Eight => Bits::Eight,
        pwned::Bits::Sixteen => Bits::Sixteen,
    };
    // Beside it, so that it takes its place whole: a running Lobby may have the old one mapped.
    let partial = partial(&arguments.output);
    let built = build(&lists, &partial, bits);
    let placed = built.and_then(|built| {
        if built.entries == 0 {
            let hint = "name the files of hashes as they are downloaded; nothing was written";
            return Err(Failure::new("there is not one hash in the list", hint));
        }
        let written = fs::rename(&partial, &arguments.output);
        written.map(|()| built).map_err(|error| cannot_write(&arguments.output, &error))
    });
    let built = placed.inspect_err(|_| {
        let _ = fs::remove_file(&partial);
    })?;
    let Built { entries, doubles, bytes } = built;
    let alarm = if bits == Bits::Eight { "256" } else { "65,536" };
    let twice = if doubles == 0 { String::new() } else { format!(", {doubles} came twice") };
    let each = bytes.checked_mul(100).and_then(|all| all.checked_div(entries)).unwrap_or_default();
    let path = arguments.output.display();
    let line = format!(
        "{path}: {entries} hashes{twice}, {bytes} bytes ({}.{:02} a hash), one false alarm in {alarm}\n",
        each / 100,
        each % 100
    );
    io::stderr().lock().write_all(line.as_bytes()).map_err(Failure::from_error)?;
    Ok(Exit::Done)
}

fn build(lists: &[List], to: &Path, bits: Bits) -> Result<Built, Failure> {
    let out = File::create(to).map_err(|error| cannot_write(to, &error))?;
    let total = lists.iter().map(|list| list.bytes).sum();
    let most = lists.iter().map(List::most).sum();
    let wrong = |error: identity::password::filter::BuildError| Failure::from_error(error);
    let mut builder = Builder::new(BufWriter::with_capacity(1 << 20, out), bits, most).map_err(wrong)?;
    let progress = progress(total);
    for list in lists {
        let mut lines = list.open().map_err(told)?;
        while let Some(Line { hash, number, bytes }) = lines.next().map_err(told)? {
            builder.push(hash).map_err(|error| {
                let place = format!("{}:{number}", list.path.display());
                match Failure::from_error(error) {
                    Failure::Message { message, .. } => Failure::new(
                        format!("{place}: {message}"),
                        "the list must be sorted by hash, as it is downloaded; `LC_ALL=C sort` sorts one",
                    ),
                    problems @ Failure::Problems(_) => problems,
                }
            })?;
            progress.inc(bytes);
        }
    }
    progress.finish_and_clear();
    builder.finish().map_err(wrong)
}

/// On standard error, and only where that is a terminal.
fn progress(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(4));
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {bytes} of {total_bytes}, {eta} left");
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn partial(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(".partial");
    output.with_file_name(name)
}

fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("cannot write {}: {error}", path.display()), "choose another place with -o FILE")
}

fn told(error: ListError) -> Failure {
    let hint = error.hint();
    match Failure::from_error(error) {
        Failure::Message { message, .. } => Failure::new(message, hint),
        problems @ Failure::Problems(_) => problems,
    }
}

fn ask(arguments: &Check) -> Result<Exit, Failure> {
    let filter = match &arguments.filter {
        Some(path) => leaks::open(path).map_err(|error| {
            Failure::new(
                format!("{}: {error}", path.display()),
                "`lobby pwned build` makes a filter; lists of hashes are none",
            )
        })?,
        None => leaks::embedded().map_err(Failure::from_error)?,
    };
    let (mut input, mut out) = (io::stdin().lock(), io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line).map_err(Failure::from_error)? > 0 {
        let password = line.strip_suffix(b"\n").unwrap_or(&line);
        let password = password.strip_suffix(b"\r").unwrap_or(password);
        let answer: &[u8] = if filter.knows(password) { b"found\n" } else { b"clear\n" };
        match out.write_all(answer) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
            written => written.map_err(Failure::from_error)?,
        }
        line.clear();
    }
    Ok(Exit::Done)
}
