//! Have I Been Pwned's lists, as they are downloaded: one file, or one for each prefix.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use identity::password::filter::Sha1;

/// Digits of a prefix that names a file.
const PREFIX: usize = 5;
/// Digits of a hash.
const DIGITS: usize = 40;
/// No line is longer: 40 digits, a colon, and a count.
const LONGEST: u64 = 128;

/// Why a list cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListError {
    #[error("cannot read {path}", path = .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("{path}:{line}: it is no `{form}` in hexadecimal", path = .path.display())]
    Line { path: PathBuf, line: u64, form: &'static str },
    #[error("{path} has no file that is named by five hexadecimal digits", path = .0.display())]
    Empty(PathBuf),
}

impl ListError {
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Read { .. } => "name the list's files, or the folder with one for each prefix",
            Self::Line { .. } => {
                "the SHA-1 list is wanted, as Have I Been Pwned offers it: not NTLM, no passwords"
            }
            Self::Empty(_) => "its files are named as 5BAA6 or 5BAA6.txt",
        }
    }
}

/// A file of hashes.
pub(super) struct List {
    pub(super) path: PathBuf,
    /// Of a file with suffixes alone: what they follow.
    prefix: Option<String>,
    pub(super) bytes: u64,
}

/// The lists to read, in their order: files as they are given, those with a prefix sorted by it.
pub(super) fn of(given: &[PathBuf]) -> Result<Vec<List>, ListError> {
    let mut lists = Vec::new();
    for path in given {
        let read = |source| ListError::Read { path: path.clone(), source };
        if !path.is_dir() {
            lists.push(List::new(path.clone(), prefix_of(path))?);
            continue;
        }
        let before = lists.len();
        for entry in fs::read_dir(path).map_err(read)? {
            let file = entry.map_err(read)?.path();
            if let Some(prefix) = prefix_of(&file) {
                lists.push(List::new(file, Some(prefix))?);
            }
        }
        if lists.len() == before {
            return Err(ListError::Empty(path.clone()));
        }
    }
    // A stable sort: lists without a prefix stay as they were given.
    if lists.iter().all(|list| list.prefix.is_some()) {
        lists.sort_by(|one, other| one.prefix.cmp(&other.prefix));
    }
    Ok(lists)
}

fn prefix_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".txt").unwrap_or(name);
    let is_prefix = stem.len() == PREFIX && stem.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_prefix.then(|| stem.to_ascii_uppercase())
}

impl List {
    fn new(path: PathBuf, prefix: Option<String>) -> Result<Self, ListError> {
        match fs::metadata(&path) {
            Ok(file) => Ok(Self { path, prefix, bytes: file.len() }),
            Err(source) => Err(ListError::Read { path, source }),
        }
    }

    /// How many hashes it can have: a line has the digits, a colon, a digit and its end, which the last may lack.
    pub(super) fn most(&self) -> u64 {
        let digits = DIGITS - self.prefix.as_ref().map_or(0, String::len);
        (self.bytes + 1).div_ceil(digits as u64 + 3)
    }

    pub(super) fn open(&self) -> Result<Lines<'_>, ListError> {
        let file =
            File::open(&self.path).map_err(|source| ListError::Read { path: self.path.clone(), source })?;
        let file = BufReader::with_capacity(1 << 18, file);
        Ok(Lines { list: self, file, line: Vec::new(), number: 0, skipped: 0 })
    }
}

/// A line with a hash.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) hash: Sha1,
    /// Counted from 1.
    pub(super) number: u64,
    /// Bytes since the line before.
    pub(super) bytes: u64,
}

/// A list being read.
pub(super) struct Lines<'a> {
    list: &'a List,
    file: BufReader<File>,
    line: Vec<u8>,
    number: u64,
    skipped: u64,
}

impl Lines<'_> {
    /// The next hash that was seen at all: a count of 0 is padding.
    pub(super) fn next(&mut self) -> Result<Option<Line>, ListError> {
        loop {
            self.line.clear();
            let read = self.file.by_ref().take(LONGEST).read_until(b'\n', &mut self.line);
            let read = read.map_err(|source| ListError::Read { path: self.list.path.clone(), source })?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.skipped += read as u64;
            let line = self.line.trim_ascii_end();
            if line.is_empty() {
                continue;
            }
            let prefix = self.list.prefix.as_deref().unwrap_or_default();
            let Some((hash, is_padding)) = parse(prefix, line) else {
                let form = if prefix.is_empty() { "HASH:COUNT" } else { "SUFFIX:COUNT" };
                return Err(ListError::Line { path: self.list.path.clone(), line: self.number, form });
            };
            if !is_padding {
                let bytes = std::mem::take(&mut self.skipped);
                return Ok(Some(Line { hash, number: self.number, bytes }));
            }
        }
    }
}

/// A line's hash, and whether its count is 0.
fn parse(prefix: &str, line: &[u8]) -> Option<(Sha1, bool)> {
    let (digits, count) = line.split_at_checked(DIGITS - prefix.len())?;
    let count = count.strip_prefix(b":")?;
    if count.is_empty() || !count.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut hash = [0; DIGITS / 2];
    for (place, digit) in prefix.bytes().chain(digits.iter().copied()).enumerate() {
        let digit = u8::try_from(char::from(digit).to_digit(16)?).ok()?;
        let byte = hash.get_mut(place / 2)?;
        *byte = *byte << 4 | digit;
    }
    Some((Sha1(hash), count.iter().all(|digit| *digit == b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &[u8] = b"5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8";

    #[test]
    fn a_line_is_read_whole_or_behind_its_prefix_in_either_case() {
        let password = Sha1::of(b"password");
        let whole = [HASH, b":10434004"].concat();
        assert_eq!(parse("", &whole), Some((password, false)));
        assert_eq!(parse("", &whole.to_ascii_lowercase()), Some((password, false)));
        assert_eq!(parse("5BAA6", &whole[5..]), Some((password, false)));
        assert_eq!(parse("5BAA6", &[&HASH[5..], b":000"].concat()), Some((password, true)));
    }

    #[test]
    fn what_is_no_line_of_the_list_is_none() {
        for line in [&b""[..], b"password", HASH, &HASH[5..], b"8846F7EAEE8FB117AD06BDD830B7586C:3"] {
            assert_eq!(parse("", line), None, "{line:?}");
        }
        for rest in [&b":"[..], b": 3", b":-3", b":3x", b"0:3", b";3"] {
            assert_eq!(parse("", &[HASH, rest].concat()), None, "{rest:?}");
        }
        let mut wrong = [HASH, b":3"].concat();
        wrong[7] = b'G';
        assert_eq!(parse("", &wrong), None);
    }

    #[test]
    fn names_of_five_digits_are_prefixes() {
        assert_eq!(prefix_of(Path::new("/a/5baa6.txt")).as_deref(), Some("5BAA6"));
        assert_eq!(prefix_of(Path::new("00000")).as_deref(), Some("00000"));
        for other in ["5BAA6.csv", "5BAA", "5BAA61", "pwned.txt", "5BAAG"] {
            assert_eq!(prefix_of(Path::new(other)), None, "{other}");
        }
    }
}
