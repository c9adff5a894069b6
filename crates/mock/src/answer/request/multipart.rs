//! `multipart/form-data` (RFC 7578) cut into its parts.

/// One part.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    pub(super) is_file: bool,
    pub(super) body: &'a [u8],
}

/// How many parts are read.
const MOST: usize = 1_000;

/// Cuts a body at its boundary; `None` when it is no multipart body.
pub(super) fn read<'a>(body: &'a [u8], content_type: &str) -> Option<Vec<Part<'a>>> {
    let boundary = parameter(content_type, "boundary").filter(|text| (1..=70).contains(&text.len()))?;
    let mark = format!("--{boundary}");
    let mut rest = after(body, mark.as_bytes())?;
    let mut parts = Vec::new();
    let next = format!("\r\n{mark}");
    loop {
        // After the mark: `--` ends the body, a line break begins a part (RFC 2046 5.1.1).
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        let start = rest.iter().position(|byte| *byte == b'\n')? + 1;
        let inside = rest.get(start..)?;
        let (head, tail) = if let Some(tail) = inside.strip_prefix(b"\r\n") {
            (&[][..], tail)
        } else {
            let end = find(inside, b"\r\n\r\n")?;
            (inside.get(..end)?, inside.get(end + 4..)?)
        };
        let end = find(tail, next.as_bytes())?;
        let mut part = headed(head)?;
        part.body = tail.get(..end)?;
        parts.push(part);
        if parts.len() > MOST {
            return None;
        }
        rest = tail.get(end + next.len()..)?;
    }
}

fn headed(head: &[u8]) -> Option<Part<'static>> {
    let text = std::str::from_utf8(head).ok()?;
    let field = |wanted: &str| {
        text.split("\r\n").filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    let disposition = field("content-disposition").unwrap_or_default();
    Some(Part {
        name: parameter(&disposition, "name")?,
        content_type: field("content-type"),
        is_file: parameter(&disposition, "filename").is_some()
            || parameter(&disposition, "filename*").is_some(),
        body: &[],
    })
}

/// A parameter of a field: `; name="value"`.
pub(super) fn parameter(field: &str, wanted: &str) -> Option<String> {
    field.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn after<'a>(body: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    body.get(find(body, mark)? + mark.len()..)
}

fn find(body: &[u8], mark: &[u8]) -> Option<usize> {
    body.windows(mark.len()).position(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_cut_with_their_names_and_types() {
        let body = b"preamble\r\n--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x\r\n\
            content-disposition: form-data; name=\"f\"; filename=\"n.bin\"\r\nContent-Type: image/png\r\n\r\n\xff\r\n--x--\r\n";
        let parts = read(body, "multipart/form-data; boundary=x").unwrap();
        assert_eq!(parts.len(), 2);
        assert_eq!((parts[0].name.as_str(), parts[0].body), ("a", &b"1"[..]));
        assert_eq!(parts[1].content_type.as_deref(), Some("image/png"));
        assert!(parts[1].is_file && parts[1].body == b"\xff");
    }

    #[test]
    fn what_is_no_multipart_body_is_refused() {
        for (body, content_type) in [
            (&b"--x--"[..], "multipart/form-data"),
            (b"", "multipart/form-data; boundary=x"),
            (b"--x\r\nno end", "multipart/form-data; boundary=x"),
            (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x"),
        ] {
            assert_eq!(read(body, content_type), None);
        }
    }
}
