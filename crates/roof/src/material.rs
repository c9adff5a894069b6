//! What lobby.yaml names of the service's own for its pages: the picture, templates and words, as they were read.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use oauth::pages::LOGO_BYTES;

use crate::{
    config::read::Written,
    follow::Digest,
    gather::{Gathering, bare, unreadable},
};

/// What was read.
#[derive(Default)]
pub(crate) struct Material {
    pub(crate) logo: Option<Bytes>,
    /// By name.
    pub(crate) templates: BTreeMap<String, Written>,
    /// By the language's tag, with the words in it.
    pub(crate) translations: BTreeMap<String, (Written, BTreeMap<String, String>)>,
}

/// No template and no file of words is larger.
const MOST_BYTES: usize = 1 << 20;
/// No folder has more files that are read.
const MOST_FILES: usize = 200;

/// Reads what `pages:` names, with every problem. Blocks.
pub(crate) fn read(gathering: &mut Gathering) {
    let Some(pages) = &gathering.config.pages else { return };
    let folder = gathering.folder();
    let [logo, templates, translations] = [&pages.logo, &pages.templates, &pages.translations]
        .map(|path| path.as_ref().map(|path| folder.join(path)));
    if let Some(path) = logo {
        // One byte more than may be: what is too large is told of where its type is.
        gathering.brand.logo = bytes(gathering, &path, LOGO_BYTES + 1).map(Bytes::from);
    }
    let found = templates.map(|folder| files(gathering, &folder, &["html", "txt", "css"]));
    for path in found.unwrap_or_default() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(written) = text(gathering, &path) {
            gathering.brand.templates.insert(name, written);
        }
    }
    let found = translations.map(|folder| files(gathering, &folder, &["yaml", "yml", "json"]));
    for path in found.unwrap_or_default() {
        let tag = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let Some(written) = text(gathering, &path) else { continue };
        match written.parse_as() {
            Err(problem) => gathering.problems.push(*problem),
            Ok(words) => {
                if gathering.brand.translations.insert(tag.clone(), (written, words)).is_some() {
                    let message = format!("two files have the words of `{tag}`");
                    let help = Some("leave one of them".to_owned());
                    gathering.problems.push(bare("pages.translation", message, help));
                }
            }
        }
    }
}

/// The files of a folder that end so, in their order.
fn files(gathering: &mut Gathering, folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    // A file that comes later is seen by it.
    gathering.files.insert(folder.to_owned(), Digest::of_file(folder));
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            gathering.problems.push(unreadable(folder, &error.to_string()));
            return Vec::new();
        }
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| {
        let ends = path.extension().and_then(|ending| ending.to_str()).is_some_and(|e| endings.contains(&e));
        let is_hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        ends && !is_hidden && path.is_file()
    });
    files.sort();
    if files.len() > MOST_FILES {
        let why = format!("it has {} files; {MOST_FILES} are read at most", files.len());
        gathering.problems.push(unreadable(folder, &why));
        files.clear();
    }
    files
}

fn text(gathering: &mut Gathering, path: &Path) -> Option<Written> {
    let bytes = bytes(gathering, path, MOST_BYTES + 1)?;
    let why = match String::from_utf8(bytes) {
        Ok(text) if text.len() <= MOST_BYTES => {
            return Some(Written { file: Arc::new(path.to_owned()), text });
        }
        Ok(_) => format!("it has more than {MOST_BYTES} bytes"),
        Err(_) => "it is no UTF-8".to_owned(),
    };
    gathering.problems.push(unreadable(path, &why));
    None
}

/// At most so many bytes of a file, which is followed from now on.
fn bytes(gathering: &mut Gathering, path: &Path, most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(most as u64).read_to_end(&mut bytes));
    gathering.files.insert(path.to_owned(), read.is_ok().then(|| Digest::of(&bytes)));
    match read {
        Ok(_) => Some(bytes),
        Err(error) => {
            gathering.problems.push(unreadable(path, &error.to_string()));
            None
        }
    }
}
