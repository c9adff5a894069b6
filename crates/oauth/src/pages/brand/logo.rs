use bytes::Bytes;

/// A service's picture: its type is what is in it, whatever its file is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Logo {
    /// Its name below `/_lobby/assets/`.
    pub(super) name: &'static str,
    /// Its type.
    pub(super) kind: &'static str,
    pub(super) bytes: Bytes,
}

/// No picture is larger: every page has it.
pub const LOGO_BYTES: usize = 256 << 10;

impl Logo {
    /// What is in these bytes; else why they are no picture that is served.
    pub(super) fn read(bytes: Bytes) -> Result<Self, String> {
        if bytes.len() > LOGO_BYTES {
            return Err(format!("the picture has {} bytes; a page's has at most {LOGO_BYTES}", bytes.len()));
        }
        let (name, kind) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            ("logo.png", "image/png")
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            ("logo.webp", "image/webp")
        } else if is_svg(&bytes) {
            ("logo.svg", "image/svg+xml")
        } else {
            return Err("the picture is neither SVG, PNG nor WebP".to_owned());
        };
        Ok(Self { name, kind, bytes })
    }
}

/// Whether the first element of a text is `svg`; declarations and comments may stand before it.
fn is_svg(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.split_once("-->").map(|(_, after)| after)
        } else if rest.starts_with("<?") || rest.starts_with("<!") {
            rest.split_once('>').map(|(_, after)| after)
        } else {
            let name = rest.strip_prefix("<svg").and_then(|after| after.chars().next());
            return name.is_some_and(|next| next.is_ascii_whitespace() || next == '>' || next == '/');
        };
        let Some(after) = after else { return false };
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &'static [u8]) -> Result<&'static str, String> {
        Logo::read(Bytes::from_static(bytes)).map(|logo| logo.kind)
    }

    #[test]
    fn a_picture_is_known_by_what_is_in_it() {
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), Ok("image/png"));
        assert_eq!(kind(b"RIFF\x10\0\0\0WEBPVP8 "), Ok("image/webp"));
        for svg in [
            &b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..],
            b"\xef\xbb\xbf<?xml version=\"1.0\"?>\n<!-- <html> -->\n<!DOCTYPE svg>\n<svg\n viewBox='0 0 1 1'></svg>",
            b"<svg>",
        ] {
            assert_eq!(kind(svg), Ok("image/svg+xml"));
        }
        for other in [
            &b""[..],
            b"<html><svg></svg></html>",
            b"<svgx/>",
            b"GIF89a",
            b"\xff\xd8\xff",
            b"<!-- ",
            b"RIFF\0\0\0\0WAVE",
            b"<?xml",
        ] {
            assert!(kind(other).is_err(), "{other:?}");
        }
    }

    #[test]
    fn a_picture_that_is_too_large_is_refused() {
        let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
        bytes.resize(LOGO_BYTES, 0);
        assert!(Logo::read(bytes.clone().into()).is_ok());
        bytes.push(0);
        assert!(Logo::read(bytes.into()).unwrap_err().contains("262145 bytes"));
    }
}
