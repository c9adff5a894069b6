use std::borrow::Cow;

/// A tag of a page: enough of HTML to compare two pages that we rendered ourselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// Its name in small letters; a closing one begins with a slash.
    pub(super) name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// The value of an attribute; empty where it has none.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The names of its attributes, in small letters.
    pub(super) fn attributes(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_str())
    }
}

/// The tags of a page in their order; comments and what is inside of scripts and styles are passed over.
pub(super) fn tags(html: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        if !after.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/') {
            continue;
        }
        let (tag, after) = tag(after);
        rest = after;
        if tag.name == "script" || tag.name == "style" {
            let end = format!("</{}", tag.name);
            rest = rest.to_ascii_lowercase().find(&end).and_then(|at| rest.get(at..)).unwrap_or("");
        }
        tags.push(tag);
    }
    tags
}

/// A tag after its `<`, and what stands behind its `>`.
fn tag(text: &str) -> (Tag, &str) {
    let end = |c: char| c.is_ascii_whitespace() || c == '>';
    let (name, mut rest) = text.split_at(text.find(end).unwrap_or(text.len()));
    let name = name.trim_end_matches('/').to_ascii_lowercase();
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if rest.is_empty() {
            break;
        }
        if let Some(after) = rest.strip_prefix('>') {
            rest = after;
            break;
        }
        let ends = |c: char| c.is_ascii_whitespace() || matches!(c, '>' | '=' | '/');
        // An attribute may begin with what ends one.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let length = rest.get(first..).and_then(|more| more.find(ends)).map_or(rest.len(), |at| at + first);
        let (name, after) = rest.split_at(length);
        let trimmed = after.trim_start();
        let value = if let Some(value) = trimmed.strip_prefix('=') {
            let (value, after) = value_of(value.trim_start());
            rest = after;
            value
        } else {
            rest = after;
            ""
        };
        attributes.push((name.to_ascii_lowercase(), unescaped(value).into_owned()));
    }
    (Tag { name, attributes }, rest)
}

/// The value of an attribute, and what stands behind it.
fn value_of(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(inside) = text.strip_prefix(quote) {
            return inside.split_once(quote).unwrap_or((inside, ""));
        }
    }
    text.split_at(text.find(|c: char| c.is_ascii_whitespace() || c == '>').unwrap_or(text.len()))
}

/// A text without the references that stand for characters.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let found = after.split_once(';').and_then(|(name, after)| Some((character(name)?, after)));
        rest = if let Some((c, after)) = found {
            out.push(c);
            after
        } else {
            out.push('&');
            after
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(html: &str) -> Vec<String> {
        tags(html).into_iter().map(|tag| tag.name).collect()
    }

    #[test]
    fn tags_are_found_with_their_attributes_however_these_are_written() {
        let html = "<FORM Method=post action='/a?b&amp;c' data-x = \"1 > 0\" hidden><br/></form>";
        let all = tags(html);
        assert_eq!(names(html), ["form", "br", "/form"]);
        let form = &all[0];
        assert_eq!(form.attribute("method"), Some("post"));
        assert_eq!(form.attribute("action"), Some("/a?b&c"));
        assert_eq!(form.attribute("data-x"), Some("1 > 0"));
        assert_eq!(form.attribute("hidden"), Some(""));
        assert_eq!(form.attributes().count(), 4);
    }

    #[test]
    fn what_is_no_tag_is_passed_over() {
        let html =
            "<!doctype html><!-- <b> --> 1 < 2 <p>&lt;i&gt;</p><script>\"<u>\"</SCRIPT><style>a<b</style>";
        assert_eq!(names(html), ["p", "/p", "script", "/script", "style", "/style"]);
    }

    #[test]
    fn references_are_read_as_the_template_engine_writes_them() {
        assert_eq!(
            unescaped("&#x2f;_lobby&#47; &quot;&#x27;&apos;&amp;&lt;&gt; &nope; & &#xffffffff;"),
            "/_lobby/ \"''&<> &nope; & &#xffffffff;"
        );
    }

    #[test]
    fn broken_markup_ends() {
        for html in [
            "<",
            "<a",
            "<a b",
            "<a b=",
            "<a b=\"",
            "<a =",
            "<a ==>",
            "</",
            "<!--",
            "<script>",
            "<a/ / b/>",
            "<é>",
            "<a é='",
        ] {
            let _ = tags(html);
        }
    }
}
