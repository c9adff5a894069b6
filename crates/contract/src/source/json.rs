use super::{ParseError, builder::Builder, document::Kind, narrow};

/// Reads strict JSON (RFC 8259) into `builder`.
pub(crate) fn parse(source: &str, builder: &mut Builder) -> Result<(), ParseError> {
    let mut reader = Reader { source, bytes: source.as_bytes(), at: 0, builder, lists: Vec::new() };
    reader.skip();
    if reader.at == reader.bytes.len() {
        return Err(error(
            0,
            "the file is empty",
            Some("an OpenAPI document is a mapping that begins with `openapi`"),
        ));
    }
    reader.document()
}

struct Reader<'a, 'b> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    builder: &'b mut Builder,
    /// For each open container, whether it is a list.
    lists: Vec<bool>,
}

fn error(at: usize, message: &str, help: Option<&str>) -> ParseError {
    ParseError {
        at: narrow(at),
        code: "json.syntax",
        message: message.to_owned(),
        help: help.map(ToOwned::to_owned),
    }
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn document(&mut self) -> Result<(), ParseError> {
        loop {
            self.value()?;
            if !self.after_value()? {
                break;
            }
        }
        if self.at < self.bytes.len() {
            return Err(error(self.at, "something follows the end of the document", None));
        }
        Ok(())
    }

    /// A scalar, or everything up to where the first scalar (or the end of an empty container) stands.
    fn value(&mut self) -> Result<(), ParseError> {
        loop {
            self.skip();
            match self.peek() {
                Some(b'{') => {
                    self.builder.open(Kind::Map, narrow(self.at))?;
                    self.lists.push(false);
                    self.at += 1;
                    self.skip();
                    if self.peek() == Some(b'}') {
                        return Ok(());
                    }
                    self.key()?;
                }
                Some(b'[') => {
                    self.builder.open(Kind::List, narrow(self.at))?;
                    self.lists.push(true);
                    self.at += 1;
                    self.skip();
                    if self.peek() == Some(b']') {
                        return Ok(());
                    }
                }
                Some(b'"') => return self.string(),
                Some(b'-' | b'0'..=b'9') => return self.number(),
                Some(b't') => return self.word("true", Kind::True),
                Some(b'f') => return self.word("false", Kind::False),
                Some(b'n') => return self.word("null", Kind::Null),
                Some(_) => return Err(error(self.at, "a value is expected here", None)),
                None => return Err(error(self.at, "the document ends in the middle", None)),
            }
        }
    }

    /// Closes what ends here. Whether another value follows.
    fn after_value(&mut self) -> Result<bool, ParseError> {
        loop {
            self.skip();
            let Some(list) = self.lists.last().copied() else { return Ok(false) };
            let end = if list { b']' } else { b'}' };
            match self.peek() {
                Some(byte) if byte == end => {
                    self.at += 1;
                    self.lists.pop();
                    self.builder.close(self.source, narrow(self.at))?;
                }
                Some(b',') => {
                    self.at += 1;
                    self.skip();
                    if self.peek() == Some(end) {
                        return Err(error(self.at, "a comma stands before the end", Some("take it out")));
                    }
                    if !list {
                        self.key()?;
                    }
                    return Ok(true);
                }
                Some(_) => {
                    let message =
                        if list { "`,` or `]` is expected here" } else { "`,` or `}` is expected here" };
                    return Err(error(self.at, message, None));
                }
                None => return Err(error(self.at, "the document ends in the middle", None)),
            }
        }
    }

    fn key(&mut self) -> Result<(), ParseError> {
        self.skip();
        if self.peek() != Some(b'"') {
            return Err(error(self.at, "a member's name in double quotes is expected here", None));
        }
        self.string()?;
        self.skip();
        if self.peek() != Some(b':') {
            return Err(error(self.at, "`:` is expected here", None));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<(), ParseError> {
        let end = self.at + word.len();
        if self.source.get(self.at..end) != Some(word) {
            return Err(error(self.at, "a value is expected here", Some("a text stands in double quotes")));
        }
        self.builder.scalar(kind, narrow(self.at), narrow(end), None)?;
        self.at = end;
        Ok(())
    }

    fn digits(&mut self) -> bool {
        let from = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at > from
    }

    fn number(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        let whole = self.at;
        let mut good = self.digits();
        good &= self.bytes.get(whole) != Some(&b'0') || self.at == whole + 1;
        if self.peek() == Some(b'.') {
            self.at += 1;
            good &= self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            good &= self.digits();
        }
        if !good {
            return Err(error(start, "this is no number in JSON", None));
        }
        self.builder.scalar(Kind::Number, narrow(start), narrow(self.at), None)?;
        Ok(())
    }

    fn string(&mut self) -> Result<(), ParseError> {
        let start = self.at + 1;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let stop = memchr::memchr2(b'"', b'\\', rest).map(|far| start + far);
        match stop {
            Some(end) if self.bytes.get(end) == Some(&b'"') => {
                self.plain(start, end)?;
                self.builder.scalar(Kind::Text, narrow(start), narrow(end), None)?;
                self.at = end + 1;
                Ok(())
            }
            Some(_) => self.escaped(start),
            None => Err(error(self.at, "the text has no end", None)),
        }
    }

    fn plain(&self, start: usize, end: usize) -> Result<(), ParseError> {
        let slice = self.bytes.get(start..end).unwrap_or_default();
        // One pass without a branch per byte; the place is looked for only when there is one.
        if slice.iter().map(|byte| u8::from(*byte < 0x20)).fold(0, |seen, control| seen | control) != 0 {
            let far = slice.iter().position(|byte| *byte < 0x20).unwrap_or(0);
            return Err(error(
                start + far,
                "a control character stands in a text",
                Some("write it as `\\u....` or `\\n`"),
            ));
        }
        Ok(())
    }

    fn escaped(&mut self, start: usize) -> Result<(), ParseError> {
        let mut text = String::new();
        let mut from = start;
        loop {
            let rest = self.bytes.get(from..).unwrap_or_default();
            let Some(far) = memchr::memchr2(b'"', b'\\', rest) else {
                return Err(error(start, "the text has no end", None));
            };
            let stop = from + far;
            self.plain(from, stop)?;
            text.push_str(self.source.get(from..stop).unwrap_or_default());
            if self.bytes.get(stop) == Some(&b'"') {
                self.builder.scalar(Kind::Text, narrow(start), narrow(stop), Some(text.into()))?;
                self.at = stop + 1;
                return Ok(());
            }
            let (character, after) = self.escape(stop)?;
            text.push(character);
            from = after;
        }
    }

    fn escape(&self, at: usize) -> Result<(char, usize), ParseError> {
        let simple = match self.bytes.get(at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(at),
            Some(_) | None => return Err(error(at, "this escape does not exist in JSON", None)),
        };
        Ok((simple, at + 2))
    }

    fn unit(&self, at: usize) -> Option<u32> {
        let digits =
            self.source.get(at..at + 4).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        u32::from_str_radix(digits, 16).ok()
    }

    fn unicode(&self, at: usize) -> Result<(char, usize), ParseError> {
        let bad = || error(at, "this escape is no character", None);
        let first = self.unit(at + 2).ok_or_else(bad)?;
        if let Some(character) = char::from_u32(first) {
            return Ok((character, at + 6));
        }
        let second = (self.source.get(at + 6..at + 8) == Some("\\u")).then(|| self.unit(at + 8)).flatten();
        let low = second.filter(|low| (0xDC00..0xE000).contains(low)).ok_or_else(bad)?;
        if first >= 0xDC00 {
            return Err(bad());
        }
        let joined = 0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00);
        Ok((char::from_u32(joined).ok_or_else(bad)?, at + 12))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Result<crate::source::document::Document, ParseError> {
        let mut builder = Builder::default();
        parse(text, &mut builder)?;
        Ok(builder.finish(std::sync::Arc::new("t".into()), "t".to_owned(), text.into()))
    }

    #[test]
    fn escapes_become_what_they_mean() {
        let document = tree(r#"["\ud83d\ude00\n\u0041\/","plain"]"#).unwrap();
        assert_eq!(document.text(1), "😀\nA/");
        assert_eq!(document.text(2), "plain");
    }

    #[test]
    fn what_rfc_8259_forbids_is_refused_at_its_place() {
        for (text, at) in [
            ("[1,]", 3),
            ("{\"a\":1,}", 7),
            ("[01]", 1),
            ("[1.]", 1),
            ("[\"\\x\"]", 2),
            ("[\"\\ud800\"]", 2),
            ("[\"\u{1}\"]", 2),
            ("[1] 2", 4),
            ("[nul]", 1),
            ("{a:1}", 1),
            ("[1", 2),
        ] {
            assert_eq!(tree(text).map(|_| ()).map_err(|error| error.at), Err(at), "{text}");
        }
    }
}
