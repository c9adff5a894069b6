//! Well-formed XML (XML 1.0, 2.1) as elements: tags that match, one root, attributes in quotes and once,
//! references that end. What a document type declares is passed over, never fetched or expanded.

/// How deep elements may be nested: as JSON's.
const DEPTH: usize = 100;

/// An element, by what stands in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// With its prefix.
    pub(super) name: String,
    /// Names with their prefixes, and values.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    /// All of its own text.
    pub(super) text: String,
}

/// The root element; or what is wrong, in a few words.
pub(super) fn read(text: &str) -> Result<Element, String> {
    let rest = text.trim_start_matches('\u{feff}');
    let mut reader = Reader { rest, open: Vec::new(), rooted: false, root: None };
    while !reader.rest.is_empty() {
        reader.step()?;
    }
    if let Some(open) = reader.open.last() {
        return Err(format!("<{}> is not closed", short(&open.name)));
    }
    reader.root.ok_or_else(|| "there is no element".to_owned())
}

struct Reader<'a> {
    rest: &'a str,
    open: Vec<Element>,
    rooted: bool,
    root: Option<Element>,
}

impl<'a> Reader<'a> {
    fn step(&mut self) -> Result<(), String> {
        let (text, markup) = match self.rest.find('<') {
            Some(at) => self.rest.split_at(at),
            None => (self.rest, ""),
        };
        if self.open.is_empty() && !text.trim().is_empty() {
            return Err("there is text outside the root element".to_owned());
        }
        references(text)?;
        self.write(&plain(text));
        self.rest = markup;
        if markup.is_empty() {
            return Ok(());
        }
        for (start, end, what) in [
            ("<!--", "-->", "a comment"),
            ("<![CDATA[", "]]>", "a CDATA section"),
            ("<?", "?>", "an instruction"),
        ] {
            if let Some(inside) = markup.strip_prefix(start) {
                let (data, after) = inside.split_once(end).ok_or_else(|| format!("{what} does not end"))?;
                if start == "<![CDATA[" && self.open.is_empty() {
                    return Err("there is text outside the root element".to_owned());
                }
                if start == "<![CDATA[" {
                    self.write(data);
                }
                self.rest = after;
                return Ok(());
            }
        }
        if markup.starts_with("<!DOCTYPE") && !self.rooted {
            return self.document_type();
        }
        let end = tag_end(markup).ok_or("a tag does not end")?;
        let (tag, after) = markup.split_at(end);
        self.rest = after.get(1..).unwrap_or_default();
        self.tag(tag.get(1..).unwrap_or_default())
    }

    fn tag(&mut self, tag: &'a str) -> Result<(), String> {
        if let Some(name) = tag.strip_prefix('/') {
            let name = name.trim_end();
            return match self.open.pop() {
                Some(open) if open.name == name => {
                    self.close(open);
                    Ok(())
                }
                Some(open) => Err(format!("</{}> stands where <{}> is open", short(name), short(&open.name))),
                None => Err(format!("</{}> closes nothing", short(name))),
            };
        }
        if self.open.is_empty() && self.rooted {
            return Err("there are two root elements".to_owned());
        }
        self.rooted = true;
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, fields) = tag.split_once(|letter: char| letter.is_ascii_whitespace()).unwrap_or((tag, ""));
        if !is_name(name) {
            return Err(format!("`{}` is no name of an element", short(name)));
        }
        let attributes = attributes(fields)?;
        let element = Element { name: name.to_owned(), attributes, ..Element::default() };
        if closed {
            self.close(element);
        } else if self.open.len() >= DEPTH {
            return Err(format!("elements are nested more than {DEPTH} levels deep"));
        } else {
            self.open.push(element);
        }
        Ok(())
    }

    fn write(&mut self, text: &str) {
        if let Some(open) = self.open.last_mut() {
            open.text.push_str(text);
        }
    }

    fn close(&mut self, element: Element) {
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn document_type(&mut self) -> Result<(), String> {
        let mut depth = 0_usize;
        for (at, letter) in self.rest.char_indices() {
            match letter {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                '>' if depth == 0 => {
                    self.rest = self.rest.get(at + 1..).unwrap_or_default();
                    return Ok(());
                }
                _ => {}
            }
        }
        Err("the document type does not end".to_owned())
    }
}

/// Where the `>` of a tag is, outside quotes.
fn tag_end(markup: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in markup.char_indices() {
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            (None, '>') => return Some(at),
            _ => {}
        }
    }
    None
}

fn attributes(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut names = std::collections::BTreeSet::new();
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or("an attribute has no value")?;
        let (name, after) = (name.trim(), after.trim_start());
        if !is_name(name) {
            return Err(format!("`{}` is no name of an attribute", short(name)));
        }
        let quote = after.chars().next().filter(|letter| matches!(letter, '"' | '\''));
        let quote = quote.ok_or_else(|| format!("the value of {} is not in quotes", short(name)))?;
        let (value, after) =
            after.get(1..).and_then(|inside| inside.split_once(quote)).ok_or("a value does not end")?;
        if value.contains('<') {
            return Err(format!("the value of {} has a <", short(name)));
        }
        references(value)?;
        if !names.insert(name) {
            return Err(format!("{} is given twice", short(name)));
        }
        found.push((name.to_owned(), plain(value)));
        rest = after.trim_start();
    }
    Ok(found)
}

/// A text with the characters that its references stand for (XML 1.0 4.6); entities that a document type
/// declares stay as they are written.
fn plain(text: &str) -> String {
    let mut pieces = text.split('&');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, after) = piece.split_once(';').unwrap_or((piece, ""));
        let number = name.strip_prefix('#').and_then(|number| match number.strip_prefix('x') {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => number.parse().ok(),
        });
        match (name, number.and_then(char::from_u32)) {
            ("lt", _) => plain.push('<'),
            ("gt", _) => plain.push('>'),
            ("amp", _) => plain.push('&'),
            ("quot", _) => plain.push('"'),
            ("apos", _) => plain.push('\''),
            (_, Some(letter)) => plain.push(letter),
            (name, None) => {
                plain.push('&');
                plain.push_str(name);
                plain.push(';');
            }
        }
        plain.push_str(after);
    }
    plain
}

/// `&` begins a reference that ends with `;` (XML 1.0 4.1).
fn references(text: &str) -> Result<(), String> {
    for after in text.split('&').skip(1) {
        let name = after.split_once(';').map(|(name, _)| name);
        let is_good = name.is_some_and(|name| match name.strip_prefix('#') {
            Some(number) => {
                let number = number.strip_prefix('x').unwrap_or(number);
                !number.is_empty() && number.chars().all(|digit| digit.is_ascii_hexdigit())
            }
            None => is_name(name),
        });
        if !is_good {
            return Err("an & begins no reference".to_owned());
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_alphabetic() || matches!(first, '_' | ':'))
        && name.chars().all(|letter| letter.is_alphanumeric() || "-._:\u{b7}".contains(letter))
}

fn short(name: &str) -> String {
    name.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn well_formed_is_told_from_what_is_not() {
        for good in [
            "<a/>",
            "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY b \"c>\">]>\n<!-- x < y --><a b='1>2' c=\"&lt;\"><b>&#x41;&amp;</b><![CDATA[<&]]></a>\n",
            "<s:Envelope xmlns:s=\"u\"><s:Body /></s:Envelope>",
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "x",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a b/>",
            "<a b=c/>",
            "<a b='1' b='2'/>",
            "<a>&</a>",
            "<a>& b;</a>",
            "<1/>",
            "<a",
            "<!-- <a/>",
            "<a b='<'/>",
            "{\"a\": 1}",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts_and_attributes_are_what_they_stand_for() {
        let root = read("<a b='&lt;&#65;'>x<c/>&amp;<![CDATA[<&]]>&#x42;&own;</a>").unwrap();
        assert_eq!(root.attributes, [("b".to_owned(), "<A".to_owned())]);
        assert_eq!((root.text.as_str(), root.children.len()), ("x&<&B&own;", 1));
        assert!(read(&"<a>".repeat(100_000)).unwrap_err().contains("100 levels"));
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in "[<>/!?a&;'\"= \\[\\]-]{0,40}") {
            let _ = read(&text);
        }
    }
}
