//! As much DER (X.690) as it takes to find the key and the extensions of a certificate (RFC 5280 4.1).

/// What of a certificate the standard asks about (WebAuthn 3, 8.3.1).
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    /// As it is written: 2 stands for the third version.
    pub(super) version: &'a [u8],
    /// The sequence of its parts.
    pub(super) subject: &'a [u8],
    /// A point, or a modulus with its exponent.
    pub(super) key: &'a [u8],
    /// Identifier, whether it is critical, value.
    extensions: Vec<(&'a [u8], bool, &'a [u8])>,
}

const INTEGER: u8 = 0x02;
const BOOLEAN: u8 = 0x01;
const BITS: u8 = 0x03;
const OCTETS: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

impl<'a> Certificate<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (whole, rest) = value(bytes, SEQUENCE)?;
        let (body, _) = value(whole, SEQUENCE).filter(|_| rest.is_empty())?;
        let (version, rest) = value(body, 0xa0)?;
        let (version, _) = value(version, INTEGER)?;
        let (_, rest) = value(rest, INTEGER)?;
        // Signature, issuer, validity.
        let (_, rest) = value(rest, SEQUENCE)?;
        let (_, rest) = value(rest, SEQUENCE)?;
        let (_, rest) = value(rest, SEQUENCE)?;
        let (subject, rest) = value(rest, SEQUENCE)?;
        let (key, rest) = value(rest, SEQUENCE)?;
        let (_, key) = value(key, SEQUENCE)?;
        let (key, _) = value(key, BITS)?;
        // No bit of the last byte is unused.
        let key = key.strip_prefix(&[0])?;
        let (extensions, rest) = value(rest, 0xa3)?;
        let (mut list, after) = value(extensions, SEQUENCE)?;
        if !rest.is_empty() || !after.is_empty() {
            return None;
        }
        let mut extensions = Vec::new();
        while !list.is_empty() {
            let (one, after) = value(list, SEQUENCE)?;
            list = after;
            let (id, inside) = value(one, OID)?;
            let (critical, inside) = match value(inside, BOOLEAN) {
                Some((flag, inside)) => (flag == [0xff], inside),
                None => (false, inside),
            };
            let (content, _) = value(inside, OCTETS)?;
            extensions.push((id, critical, content));
        }
        Some(Self { version, subject, key, extensions })
    }

    /// The value of an extension, and whether it is critical; none where it is there twice.
    pub(super) fn extension(&self, id: &[u8]) -> Option<(bool, &'a [u8])> {
        let mut found = self.extensions.iter().filter(|(own, ..)| *own == id);
        let (_, critical, value) = found.next().filter(|_| found.next().is_none())?;
        Some((*critical, value))
    }
}

/// The value of the first element, which has this tag, and what stands behind it.
pub(super) fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (own, value, rest) = element(bytes)?;
    (own == tag).then_some((value, rest))
}

/// The first element: tag, value, and what stands behind it.
pub(super) fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}
