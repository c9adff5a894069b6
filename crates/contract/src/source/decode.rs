use super::{ParseError, narrow};

/// Bytes of one document. Parsed trees cost a small multiple of it.
pub(crate) const LARGEST: usize = 64 << 20;

/// The text of a file: UTF-8 with or without a byte order mark, or UTF-16 with one.
pub(crate) fn decode(bytes: Vec<u8>) -> Result<String, ParseError> {
    let refuse = |at: usize, code, message: String, help: &str| {
        Err(ParseError { at: narrow(at), code, message, help: Some(help.to_owned()) })
    };
    if bytes.len() > LARGEST {
        return refuse(
            0,
            "document.size",
            "the document is larger than 64 MiB".to_owned(),
            "split it into several files",
        );
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        return utf16(rest, u16::from_le_bytes);
    }
    if let Some(rest) = bytes.strip_prefix(&[0xFE, 0xFF]) {
        return utf16(rest, u16::from_be_bytes);
    }
    let bytes = match bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            let message = format!("the byte 0x{byte:02X} is not UTF-8");
            refuse(at, "document.encoding", message, "save the file as UTF-8")
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, ParseError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let decoded = char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect::<Result<String, _>>();
    match decoded {
        Ok(text) if rest.is_empty() => Ok(text),
        Ok(_) | Err(_) => Err(ParseError {
            at: 0,
            code: "document.encoding",
            message: "the file begins as UTF-16 and is none".to_owned(),
            help: Some("save the file as UTF-8".to_owned()),
        }),
    }
}

/// The readable part of bytes that are not all UTF-8, so that a problem in them can be shown with its line.
pub(crate) fn readable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.get(..bytes.len().min(1 << 20)).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_read_and_half_a_unit_is_not() {
        assert_eq!(decode(vec![0xFF, 0xFE, b'a', 0]).unwrap(), "a");
        assert_eq!(decode(vec![0xFE, 0xFF, 0, b'a']).unwrap(), "a");
        assert_eq!(decode(vec![0xFE, 0xFF, 0]).unwrap_err().code, "document.encoding");
    }

    #[test]
    fn a_byte_that_is_no_utf_8_is_named_with_its_place() {
        let error = decode(b"ab\xFFc".to_vec()).unwrap_err();
        assert_eq!((error.at, error.message.as_str()), (2, "the byte 0xFF is not UTF-8"));
    }
}
