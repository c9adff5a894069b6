use std::{borrow::Cow, collections::HashMap};

use granit_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{
    ParseError,
    builder::{Anchored, Builder},
    document::Kind,
    narrow,
};

/// A tag that was left out of account, as bytes of the source.
pub(crate) type IgnoredTag = (u32, u32);

/// Reads one YAML 1.2 document (core schema) into `builder`; returns the tags that mean nothing here.
pub(crate) fn parse(source: &str, builder: &mut Builder) -> Result<Vec<IgnoredTag>, ParseError> {
    let options =
        granit_parser::options! { flow_nesting_limit: 200, block_nesting_limit: 200, emit_comments: false };
    let mut reader =
        Reader { source, builder, anchors: HashMap::new(), open: Vec::new(), tags: Vec::new(), any: false };
    let mut documents = 0;
    for event in Parser::new_from_str_with_options(source, options) {
        let (event, span) = event.map_err(|error| syntax(source, &error))?;
        if matches!(event, Event::DocumentStart(..)) {
            documents += 1;
            if documents > 1 {
                return Err(ParseError {
                    at: start(&span),
                    code: "yaml.documents",
                    message: "a second document begins here".to_owned(),
                    help: Some("write each document into a file of its own".to_owned()),
                });
            }
        }
        reader.event(event, &span)?;
    }
    if !reader.any {
        return Err(ParseError {
            at: 0,
            code: "document.empty",
            message: "the file is empty".to_owned(),
            help: Some("an OpenAPI document is a mapping that begins with `openapi`".to_owned()),
        });
    }
    Ok(reader.tags)
}

struct Reader<'a, 'b> {
    source: &'a str,
    builder: &'b mut Builder,
    anchors: HashMap<usize, Anchored>,
    open: Vec<Open>,
    tags: Vec<IgnoredTag>,
    any: bool,
}

struct Open {
    map: bool,
    anchor: usize,
    /// In a map: whether a key comes next.
    key: bool,
    merge: Merge,
}

/// Where within `<<: …` the reader stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Merge {
    No,
    /// The key `<<` was read.
    Value,
    /// This is the list after it.
    List,
}

fn start(span: &Span) -> u32 {
    narrow(span.start.byte_offset().unwrap_or_default())
}

fn end(span: &Span) -> u32 {
    narrow(span.end.byte_offset().unwrap_or_default())
}

fn syntax(source: &str, error: &granit_parser::ScanError) -> ParseError {
    let at = error.marker().byte_offset().unwrap_or_default();
    let line_start = source.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let indent = source.get(line_start..).unwrap_or_default();
    let indent: String = indent.chars().take_while(|c| *c == ' ' || *c == '\t').collect();
    let tab = indent.contains('\t') && at <= line_start + indent.len() + 1;
    let message: String = error.info().chars().take(200).collect();
    ParseError {
        at: narrow(at),
        code: "yaml.syntax",
        message: if tab { format!("a tab is used as indentation ({message})") } else { message },
        help: tab.then(|| "indent with spaces: YAML forbids tabs".to_owned()),
    }
}

impl<'a> Reader<'a, '_> {
    fn event(&mut self, event: Event<'a>, span: &Span) -> Result<(), ParseError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag, span),
            Event::SequenceStart(_, anchor, tag) => self.begin(false, anchor, tag, span),
            Event::MappingStart(_, anchor, tag) => self.begin(true, anchor, tag, span),
            Event::SequenceEnd | Event::MappingEnd => self.finish(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    /// What the next node is: `(is a key, stands within <<)`.
    fn turn(&mut self) -> (bool, Merge) {
        self.any = true;
        let Some(open) = self.open.last_mut() else { return (false, Merge::No) };
        if !open.map {
            return (false, if open.merge == Merge::List { Merge::List } else { Merge::No });
        }
        let key = open.key;
        open.key = !key;
        (key, if key { Merge::No } else { std::mem::replace(&mut open.merge, Merge::No) })
    }

    fn tag(&mut self, tag: Option<Cow<'a, Tag>>, span: &Span) -> Option<String> {
        let tag = tag?;
        let known = ["str", "int", "float", "bool", "null", "seq", "map", "timestamp", "binary"];
        match tag.core_suffix() {
            Some(suffix) if known.contains(&suffix) => Some(suffix.to_owned()),
            Some(_) | None => {
                let whole = tag.handle().is_empty() && tag.suffix() == "!";
                let at = span.tag_span().unwrap_or(*span);
                if whole {
                    return Some("str".to_owned());
                }
                self.tags.push((start(&at), end(&at)));
                None
            }
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'a, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'a, Tag>>,
        span: &Span,
    ) -> Result<(), ParseError> {
        let (key, merge) = self.turn();
        let tag = self.tag(tag, span);
        if key && style == ScalarStyle::Plain && text == "<<" && tag.is_none() {
            if let Some(open) = self.open.last_mut() {
                open.merge = Merge::Value;
            }
            return Ok(());
        }
        if merge != Merge::No {
            return Err(bad_merge(span));
        }
        let kind = match (style, tag.as_deref()) {
            _ if key => Kind::Text,
            (ScalarStyle::Plain, Some("str")) => Kind::Text,
            (ScalarStyle::Plain, _) | (_, Some("int" | "float" | "bool" | "null")) => plain(&text),
            (_, _) => Kind::Text,
        };
        let (from, to) = (start(span), end(span));
        let slice = |from: u32, to: u32| self.source.get(from as usize..to as usize);
        let id = if let Some(control) = text.chars().find(|c| *c == '\0') {
            let message = format!("the control character U+{:04X} stands in a text", u32::from(control));
            return Err(ParseError { at: from, code: "yaml.control", message, help: None });
        } else if slice(from, to) == Some(&*text) {
            self.builder.scalar(kind, from, to, None)?
        } else if to > from + 1 && slice(from + 1, to - 1) == Some(&*text) {
            self.builder.scalar(kind, from + 1, to - 1, None)?
        } else {
            self.builder.scalar(kind, from, to.max(from), Some(text.into()))?
        };
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: id, weight: 1, height: 0 });
        }
        Ok(())
    }

    fn begin(
        &mut self,
        map: bool,
        anchor: usize,
        tag: Option<Cow<'a, Tag>>,
        span: &Span,
    ) -> Result<(), ParseError> {
        let (key, merge) = self.turn();
        self.tag(tag, span);
        if key {
            return Err(ParseError {
                at: start(span),
                code: "yaml.key",
                message: "a key is a list or a mapping".to_owned(),
                help: Some("keys are texts; quote it if it begins with `[` or `{`".to_owned()),
            });
        }
        let merge = match (merge, map) {
            (Merge::No, _) => Merge::No,
            (Merge::Value, false) => Merge::List,
            (Merge::Value | Merge::List, _) => return Err(bad_merge(span)),
        };
        if merge == Merge::No {
            self.builder.open(if map { Kind::Map } else { Kind::List }, start(span))?;
        }
        self.open.push(Open { map, anchor, key: map, merge });
        Ok(())
    }

    fn finish(&mut self, span: &Span) -> Result<(), ParseError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        if open.merge == Merge::List && !open.map {
            return Ok(());
        }
        let closed = self.builder.close(self.source, end(span))?;
        if let Some(anchored) = closed.filter(|_| open.anchor != 0) {
            self.anchors.insert(open.anchor, anchored);
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Result<(), ParseError> {
        let (_, merge) = self.turn();
        let Some(target) = self.anchors.get(&anchor).copied() else {
            return Err(ParseError {
                at: start(span),
                code: "yaml.alias",
                message: "the alias stands within the value that it is an alias of".to_owned(),
                help: Some("a value cannot contain itself; use `$ref` for a schema that does".to_owned()),
            });
        };
        if merge == Merge::No {
            self.builder.alias(target, start(span), end(span))
        } else {
            self.builder.merge(target, start(span), end(span))
        }
    }
}

fn bad_merge(span: &Span) -> ParseError {
    ParseError {
        at: start(span),
        code: "yaml.merge",
        message: "`<<` takes an alias of a mapping, or a list of them".to_owned(),
        help: None,
    }
}

/// What a plain scalar is (YAML 1.2.2 10.3.2): `no`, `on`, `12:30` are texts.
fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" => Kind::True,
        "false" | "False" | "FALSE" => Kind::False,
        _ if is_number(text) => Kind::Number,
        _ => Kind::Text,
    }
}

fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all =
        |digits: &str, legal: fn(&u8) -> bool| !digits.is_empty() && digits.bytes().all(|byte| legal(&byte));
    if let Some(octal) = text.strip_prefix("0o") {
        return all(octal, |byte| (b'0'..=b'7').contains(byte));
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return all(hexadecimal, u8::is_ascii_hexdigit);
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    exponent.is_none_or(|exponent| all(exponent, u8::is_ascii_digit))
        && digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_yaml_1_1_are_texts() {
        for text in ["no", "off", "y", "1_000", "12:30:45", "=", "<", "1.2.3", "2024-01-01", ".", "-", "+"] {
            assert_eq!(plain(text), Kind::Text, "{text}");
        }
        for text in ["1", "-1.5", "1e3", ".5", "0o17", "0xff", "1.10", "+3"] {
            assert_eq!(plain(text), Kind::Number, "{text}");
        }
    }

    #[test]
    fn a_merged_member_gives_way_to_one_that_is_written_out() {
        let text = "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n";
        let mut builder = Builder::default();
        parse(text, &mut builder).unwrap();
        assert!(builder.duplicates.is_empty());
        let document = builder.finish(std::sync::Arc::new("t".into()), "t".to_owned(), text.into());
        let hidden: Vec<_> = document.nodes.iter().filter(|node| node.hidden).collect();
        assert_eq!(hidden.len(), 1);
    }
}
