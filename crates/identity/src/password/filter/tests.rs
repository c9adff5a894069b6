use std::io::Cursor;

use super::*;

/// Hashes with nothing in common, sorted.
fn hashes(count: u32, salt: u32) -> Vec<Sha1> {
    let mut hashes: Vec<_> = (0..count).map(|number| Sha1::of(format!("{salt} {number}"))).collect();
    hashes.sort();
    hashes
}

fn build(hashes: &[Sha1], bits: Bits) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    let mut builder = Builder::new(&mut file, bits, hashes.len() as u64 * 2).unwrap();
    for hash in hashes {
        builder.push(*hash).unwrap();
    }
    let built = builder.finish().unwrap();
    assert_eq!(built.bytes, file.get_ref().len() as u64);
    file.into_inner()
}

#[test]
fn every_hash_that_was_put_in_is_found_and_others_seldom() {
    let (inside, outside) = (hashes(20_000, 1), hashes(100_000, 2));
    for (bits, most) in [(Bits::Eight, 500), (Bits::Sixteen, 10)] {
        let filter = Filter::open(build(&inside, bits)).unwrap();
        assert_eq!((filter.bits(), filter.entries()), (bits, 20_000));
        assert!(inside.iter().all(|hash| filter.contains(hash)));
        let alarms = outside.iter().filter(|hash| filter.contains(hash)).count();
        assert!(alarms <= most, "{alarms} false alarms with {bits:?}");
    }
}

#[test]
fn a_filter_answers_as_the_library_that_made_it() {
    use xorf::Filter as _;
    let inside = hashes(5_000, 1);
    let keys: Vec<u64> = inside.iter().map(Sha1::key).collect();
    let (ours, theirs) =
        (Filter::open(build(&inside, Bits::Eight)).unwrap(), xorf::BinaryFuse8::try_from(&keys).unwrap());
    for hash in hashes(20_000, 2).iter().filter(|hash| hash.key() >= keys[0]) {
        assert_eq!(ours.contains(hash), theirs.contains(&hash.key()));
    }
}

#[test]
fn filters_of_no_hash_and_of_a_few_work() {
    let none = Filter::open(build(&[], Bits::Sixteen)).unwrap();
    assert!(!none.contains(&Sha1::of("password")));
    for count in 1..20 {
        let inside = hashes(count, 1);
        let filter = Filter::open(build(&inside, Bits::Sixteen)).unwrap();
        assert!(inside.iter().all(|hash| filter.contains(hash)), "{count}");
    }
}

#[test]
fn shards_are_told_apart_by_their_first_key() {
    let inside = hashes(9_000, 1);
    // As the file would be had a shard 3,000 hashes.
    let parts: Vec<_> = inside.chunks(3_000).map(|part| build(part, Bits::Sixteen)).collect();
    let mut head = MAGIC.to_vec();
    for number in [16_u32, 3] {
        head.extend(number.to_le_bytes());
    }
    head.extend(9_000_u64.to_le_bytes());
    head.extend(((HEAD + 3 * ROW) as u64).to_le_bytes());
    let directory: Vec<u8> = parts.iter().flat_map(|part| part[HEAD..HEAD + ROW].to_vec()).collect();
    head.extend(digest(&SHA256, &[head.as_slice(), &directory].concat()).as_ref().to_vec());
    head.extend(directory);
    head.extend(parts.iter().flat_map(|part| part[HEAD + ROW..].to_vec()));
    let filter = Filter::open(head).unwrap();
    assert!(inside.iter().all(|hash| filter.contains(hash)));
    let alarms = hashes(100_000, 2).iter().filter(|hash| filter.contains(hash)).count();
    assert!(alarms <= 10, "{alarms}");
}

#[test]
fn what_is_not_sorted_or_more_than_announced_is_refused_and_doubles_are_left_out() {
    let hashes = hashes(3, 1);
    let mut builder = Builder::new(Cursor::new(Vec::new()), Bits::Eight, 2).unwrap();
    builder.push(hashes[1]).unwrap();
    builder.push(hashes[1]).unwrap();
    assert!(matches!(builder.push(hashes[0]), Err(BuildError::Unsorted)));
    builder.push(hashes[2]).unwrap();
    assert!(matches!(builder.push(Sha1([255; 20])), Err(BuildError::TooMany(2))));
    let built = builder.finish().unwrap();
    assert_eq!((built.entries, built.doubles), (2, 1));
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let good = build(&hashes(1_000, 1), Bits::Sixteen);
    let found = good.len() as u64;
    assert_eq!(Filter::open(b"".as_slice()).unwrap_err(), FilterError::Form);
    assert_eq!(Filter::open(&[0; 1000]).unwrap_err(), FilterError::Form);
    for place in 8..HEAD + ROW {
        let mut damaged = good.clone();
        damaged[place] ^= 1;
        assert_eq!(Filter::open(damaged).unwrap_err(), FilterError::Directory, "byte {place}");
    }
    let short = Filter::open(&good[..good.len() - 1]).unwrap_err();
    assert_eq!(short, FilterError::Length { expected: found, found: found - 1 });
    let long = Filter::open([good.as_slice(), &[0]].concat()).unwrap_err();
    assert_eq!(long, FilterError::Length { expected: found, found: found + 1 });
    for length in 0..HEAD + ROW {
        assert!(Filter::open(&good[..length]).is_err(), "{length} bytes");
    }
}

/// A seal over nonsense: the directory is not believed for being sealed.
#[test]
fn a_directory_that_was_sealed_by_a_liar_is_refused() {
    let good = build(&hashes(1_000, 1), Bits::Sixteen);
    let lies: [(usize, &[u8]); 6] = [
        (8, &7_u32.to_le_bytes()),
        (12, &u32::MAX.to_le_bytes()),
        (16, &1_u64.to_le_bytes()),
        (24, &u64::MAX.to_le_bytes()),
        (HEAD + 16, &3_u32.to_le_bytes()),
        (HEAD + 20, &0_u32.to_le_bytes()),
    ];
    for (place, lie) in lies {
        let mut lying = good.clone();
        lying[place..place + lie.len()].copy_from_slice(lie);
        let seal = digest(&SHA256, &[&lying[..32], &lying[HEAD..HEAD + ROW]].concat());
        lying[32..HEAD].copy_from_slice(seal.as_ref());
        assert!(Filter::open(lying).is_err(), "byte {place}");
    }
}
