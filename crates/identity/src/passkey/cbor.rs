//! As much CBOR (RFC 8949) as authenticators write (CTAP 2, 6: definite lengths alone).

/// Deeper nested is nothing that an authenticator writes.
const DEPTH: u8 = 6;

/// A data item; what is none of these is refused.
#[derive(Debug, PartialEq)]
pub(super) enum Item<'a> {
    Integer(i128),
    Bytes(&'a [u8]),
    Text(&'a str),
    List(Vec<Item<'a>>),
    Map(Vec<(Item<'a>, Item<'a>)>),
}

impl<'a> Item<'a> {
    /// Reads one item; gives what stands behind it.
    pub(super) fn read(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        read(bytes, DEPTH)
    }

    /// The value of a map under a text.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.find(|key| matches!(key, Self::Text(text) if *text == name))
    }

    /// The value of a map under a number.
    pub(super) fn at(&self, number: i128) -> Option<&Self> {
        self.find(|key| matches!(key, Self::Integer(own) if *own == number))
    }

    fn find(&self, is_it: impl Fn(&Self) -> bool) -> Option<&Self> {
        let Self::Map(pairs) = self else { return None };
        let mut found = pairs.iter().filter(|(key, _)| is_it(key)).map(|(_, value)| value);
        // One that is there twice means nothing.
        found.next().filter(|_| found.next().is_none())
    }

    pub(super) fn integer(&self) -> Option<i128> {
        if let Self::Integer(number) = self { Some(*number) } else { None }
    }

    pub(super) fn bytes(&self) -> Option<&'a [u8]> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }
}

fn read(bytes: &[u8], depth: u8) -> Option<(Item<'_>, &[u8])> {
    let depth = depth.checked_sub(1)?;
    let (first, rest) = bytes.split_first()?;
    let (number, mut rest) = argument(first & 0x1f, rest)?;
    let count = usize::try_from(number).ok()?;
    let item = match first >> 5 {
        0 => Item::Integer(i128::from(number)),
        1 => Item::Integer(-1 - i128::from(number)),
        kind @ (2 | 3) => {
            let (inside, after) = rest.split_at_checked(count)?;
            rest = after;
            if kind == 2 { Item::Bytes(inside) } else { Item::Text(std::str::from_utf8(inside).ok()?) }
        }
        4 => {
            let mut items = Vec::new();
            for _ in 0..count {
                let (item, after) = read(rest, depth)?;
                items.push(item);
                rest = after;
            }
            Item::List(items)
        }
        5 => {
            let mut pairs = Vec::new();
            for _ in 0..count {
                let (key, after) = read(rest, depth)?;
                let (value, after) = read(after, depth)?;
                pairs.push((key, value));
                rest = after;
            }
            Item::Map(pairs)
        }
        _ => return None,
    };
    Some((item, rest))
}

/// The number in or behind an item's first byte.
fn argument(short: u8, rest: &[u8]) -> Option<(u64, &[u8])> {
    let length = match short {
        0..24 => return Some((u64::from(short), rest)),
        24..=27 => 1usize << (short - 24),
        _ => return None,
    };
    let (bytes, rest) = rest.split_at_checked(length)?;
    Some((bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_authenticators_write_is_read() {
        // {"a": [1, -7, h'0102'], 2: "é"}, and one byte more (RFC 8949, appendix A has the forms).
        let bytes = b"\xa2\x61a\x83\x01\x26\x42\x01\x02\x02\x62\xc3\xa9\xff";
        let (item, rest) = Item::read(bytes).unwrap();
        assert_eq!(rest, b"\xff");
        let list = item.get("a").and_then(Item::list).unwrap();
        assert_eq!(
            (list[0].integer(), list[1].integer(), list[2].bytes()),
            (Some(1), Some(-7), Some(&b"\x01\x02"[..]))
        );
        assert_eq!(item.at(2).and_then(Item::text), Some("é"));
        assert_eq!((item.get("b"), item.at(1)), (None, None));
    }

    #[test]
    fn every_length_of_a_number_is_read() {
        for (bytes, number) in [
            (&b"\x17"[..], 23),
            (b"\x18\x18", 24),
            (b"\x19\x03\xe8", 1000),
            (b"\x1a\x00\x0f\x42\x40", 1_000_000),
            (b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff", -18_446_744_073_709_551_616),
        ] {
            assert_eq!(Item::read(bytes), Some((Item::Integer(number), &b""[..])));
        }
    }

    #[test]
    fn what_is_cut_twice_there_or_none_of_it_is_refused() {
        for bytes in [
            &b""[..],
            b"\x42\x01",
            b"\x61",
            b"\x61\xff",
            b"\x82\x01",
            b"\xa1\x01",
            b"\x5f",
            b"\x9f",
            b"\xf6",
            b"\xc1\x01",
            b"\x1c",
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(Item::read(bytes), None, "{bytes:?}");
        }
        assert_eq!(Item::read(&[0x81; 100]), None, "too deep");
        let (twice, _) = Item::read(b"\xa2\x01\x01\x01\x02").unwrap();
        assert_eq!(twice.at(1), None);
    }
}
