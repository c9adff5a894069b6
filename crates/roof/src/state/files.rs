//! Files that the user alone may read.

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Makes a folder that the user alone may look into. One that is there is somebody's already, and stays as it is.
pub(crate) fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    if folder.as_os_str().is_empty() { Ok(()) } else { builder.recursive(true).create(folder) }
}

/// Makes a database's file before anything is written to it, so that the user alone may ever read it; the files
/// that SQLite puts beside it get the same mode.
pub(crate) fn private_database(path: &Path) -> io::Result<()> {
    private().create(true).truncate(false).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for end in ["", "-wal", "-shm"] {
            let mut file = path.as_os_str().to_owned();
            file.push(end);
            match fs::set_permissions(&file, fs::Permissions::from_mode(0o600)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
    }
    Ok(())
}

fn private() -> fs::OpenOptions {
    let mut options = fs::OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a new file that the user alone may read. What has its name goes: a broken run left it, or somebody put it
/// there who wants to read what is written, or to have it written elsewhere.
pub(crate) fn create_private(path: &Path) -> io::Result<fs::File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    private().create_new(true).open(path)
}

/// Brings a file and its name down to the disk.
pub(crate) fn sync_file(path: &Path) -> io::Result<()> {
    fs::File::open(path)?.sync_all()?;
    sync_folder(path)
}

/// Where a file is written that gets its name only once it is whole.
pub(crate) fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

/// Gives what was written its name; where it failed, what is left of it is of no use.
pub(crate) fn name_whole<T, E>(
    written: Result<T, E>,
    part: &Path,
    path: &Path,
    failed: impl Fn(io::Error) -> E,
) -> Result<T, E> {
    let named = written.and_then(|written| {
        let named = sync_file(part).and_then(|()| fs::rename(part, path)).and_then(|()| sync_file(path));
        named.map(|()| written).map_err(failed)
    });
    if named.is_err() {
        let _ = fs::remove_file(part);
    }
    named
}

/// Writes a file that the user alone may read, over one that is there.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_private(path)?.write_all(bytes)
}

/// Writes a new file that the user alone may read, down to the disk. One that is there is an error.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = private().create_new(true).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_folder(path)
}

/// Names are on the disk once their folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Puts a new private file in the place of another, which is whole until the new one is.
pub(super) fn replace_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = Path::new(&new);
    write_private(new, bytes)?;
    sync_file(new)?;
    fs::rename(new, path)?;
    sync_folder(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn whoever_had_the_name_first_neither_reads_nor_aims_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (part, theirs) = (folder.path().join("copy.part"), folder.path().join("theirs"));
        fs::write(&theirs, "theirs").unwrap();
        symlink(&theirs, &part).unwrap();
        write_private(&part, b"ours").unwrap();
        assert_eq!(fs::read(&theirs).unwrap(), b"theirs");
        fs::remove_file(&part).unwrap();
        fs::write(&part, "").unwrap();
        fs::set_permissions(&part, fs::Permissions::from_mode(0o666)).unwrap();
        let mut held = fs::File::open(&part).unwrap();
        write_private(&part, b"ours").unwrap();
        let mut read = String::new();
        io::Read::read_to_string(&mut held, &mut read).unwrap();
        assert_eq!(read, "");
        assert_eq!(fs::metadata(&part).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
