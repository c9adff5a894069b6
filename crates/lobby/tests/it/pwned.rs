//! `lobby pwned`

use std::{fs, path::Path};

use testkit::run;

/// The lists beside the repository: the commonest passwords, and some of their hashes.
fn shared(name: &str) -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/passwords");
    fs::read_to_string(Path::new(path).join(name)).unwrap()
}

fn answers(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn a_filter_of_a_list_finds_what_is_in_it_in_either_size() {
    let (list, common) = (shared("hibp-sample.txt"), shared("common.txt"));
    let first: Vec<&str> = common.lines().take(500).collect();
    for (bits, most) in [("16", 3000), ("8", 1600)] {
        let folder = tempfile::tempdir().unwrap();
        let filter = folder.path().join("pwned.filter");
        let (list_file, filter) = (folder.path().join("list.txt"), filter.to_str().unwrap());
        fs::write(&list_file, &list).unwrap();
        let built =
            testkit::once(&["pwned", "build", list_file.to_str().unwrap(), "-o", filter, "--bits", bits]);
        built.exits(0);
        assert!(built.stderr.contains("1000 hashes"), "{}", built.stderr);
        assert!(!built.stderr.contains('\u{1b}'), "no progress where no terminal is: {:?}", built.stderr);
        let size = fs::metadata(filter).unwrap().len();
        assert!(size < most, "{size} bytes with {bits} bits");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
        let checked = run("pwned").arguments(&["check", "-f", filter]).finish(&(first.join("\n") + "\n"));
        checked.exits(0);
        assert_eq!(answers(&checked.stdout), ["found"; 500]);
        let others: Vec<String> = (0..1000).map(|number| format!("violin {number} marble\r\n")).collect();
        let checked = run("pwned").arguments(&["check", "-f", filter]).finish(&others.concat());
        let alarms = answers(&checked.stdout).iter().filter(|answer| **answer == "found").count();
        assert_eq!(answers(&checked.stdout).len(), 1000);
        assert!(alarms <= if bits == "8" { 16 } else { 2 }, "{alarms} false alarms");
    }
}

#[test]
fn files_of_one_prefix_each_make_the_same_filter_as_the_list() {
    let list = shared("hibp-sample.txt");
    let folder = tempfile::tempdir().unwrap();
    let ranges = folder.path().join("ranges");
    fs::create_dir(&ranges).unwrap();
    for line in list.lines() {
        let (prefix, rest) = line.split_at(5);
        // The service pads its answers.
        fs::write(ranges.join(format!("{prefix}.txt")), format!("{rest}\r\nF{}:0\r\n", "0".repeat(34)))
            .unwrap();
    }
    fs::write(folder.path().join("list.txt"), &list).unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    testkit::once(&["pwned", "build", &path("list.txt"), "-o", &path("one")]).exits(0);
    testkit::once(&["pwned", "build", &path("ranges"), "-o", &path("two")]).exits(0);
    assert!(fs::read(path("one")).unwrap() == fs::read(path("two")).unwrap());
}

#[test]
fn without_a_filter_the_commonest_are_known() {
    let checked = run("pwned").arguments(&["check"]).finish("password\nviolin tuesday cactus\n\n123456");
    checked.exits(0);
    assert_eq!(answers(&checked.stdout), ["found", "clear", "clear", "found"]);
}

#[test]
fn what_is_no_sorted_list_is_told_with_its_line_and_leaves_nothing() {
    let mut lines: Vec<String> = shared("hibp-sample.txt").lines().take(10).map(str::to_owned).collect();
    lines.swap(4, 5);
    for (list, told) in [
        (lines.join("\n"), "list.txt:6: it is not sorted"),
        ("password\n".to_owned(), "list.txt:1: it is no `HASH:COUNT`"),
        (format!("\n{}:x\n", "A".repeat(40)), "list.txt:2: it is no `HASH:COUNT`"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(path("list.txt"), list).unwrap();
        let built = testkit::once(&["pwned", "build", &path("list.txt"), "-o", &path("filter")]);
        built.exits(2);
        assert!(built.stderr.contains(told) && built.stderr.contains("hint: "), "{}", built.stderr);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no filter is left");
    }
    let built = testkit::once(&["pwned", "build", "/nowhere/list.txt", "-o", "/nowhere/filter"]);
    built.exits(2);
    assert!(built.stderr.contains("/nowhere/list.txt"), "{}", built.stderr);
}

#[test]
fn a_damaged_filter_is_told_and_asked_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("list.txt"), shared("hibp-sample.txt")).unwrap();
    testkit::once(&["pwned", "build", &path("list.txt"), "-o", &path("filter")]).exits(0);
    let good = fs::read(path("filter")).unwrap();
    let mut flipped = good.clone();
    flipped[70] ^= 1;
    for (bytes, told) in [
        (good[..good.len() - 1].to_vec(), "it should have"),
        (flipped, "its directory is damaged"),
        (Vec::new(), "it is no filter"),
        (shared("hibp-sample.txt").into_bytes(), "it is no filter"),
    ] {
        fs::write(path("damaged"), bytes).unwrap();
        let checked = run("pwned").arguments(&["check", "-f", &path("damaged")]).finish("password\n");
        checked.exits(2);
        assert!(checked.stderr.contains(told), "{}", checked.stderr);
        assert_eq!(checked.stdout, "");
        let config = format!("passwords: {{ breached: 'file:{}' }}\n", path("damaged"));
        let bookshop = fs::read_to_string(testkit::example("bookshop.openapi.yaml")).unwrap();
        let started = run("mock").document("api.yaml", &bookshop).file("lobby.yaml", &config).finish("");
        started.exits(2);
        assert!(started.stderr.contains(told), "{}", started.stderr);
    }
}

#[test]
fn a_list_without_a_hash_makes_no_filter() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(path("list.txt"), "").unwrap();
    let built = testkit::once(&["pwned", "build", &path("list.txt"), "-o", &path("filter")]);
    built.exits(2);
    assert!(built.stderr.contains("not one hash"), "{}", built.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the list is there");
}
