use model::Place;
use serde_json::{Map, Number, Value};

use super::{
    builder::hash,
    document::{Document, Kind, Node},
    library::{Broken, Library},
};

/// A node of one of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct At {
    pub(crate) document: u16,
    pub(crate) node: u32,
}

/// A node with the documents around it. Aliases are gone: a view always is what the alias stands for.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) library: &'a Library,
    pub(crate) document: &'a Document,
    pub(crate) at: At,
    /// Where the alias stands, so that problems point at the use; else `at`.
    place: u32,
}

/// References followed one after another before it is called a circle.
pub(crate) const HOPS: usize = 32;

impl<'a> View<'a> {
    pub(crate) fn new(library: &'a Library, document: &'a Document, at: At) -> Self {
        let real = document.real(at.node);
        Self { library, document, at: At { document: at.document, node: real }, place: at.node }
    }

    fn sibling(&self, node: u32) -> Self {
        Self::new(self.library, self.document, At { document: self.at.document, node })
    }

    fn node(&self) -> Option<&'a Node> {
        self.document.node(self.at.node)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.node().map_or(Kind::Null, |node| node.kind)
    }

    pub(crate) fn is_map(&self) -> bool {
        self.kind() == Kind::Map
    }

    pub(crate) fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// Of what kind the value is, for messages.
    pub(crate) fn what(&self) -> &'static str {
        match self.kind() {
            Kind::Null => "nothing",
            Kind::True | Kind::False => "a boolean",
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::List => "a list",
            Kind::Map => "a mapping",
            Kind::Alias => "an alias",
        }
    }

    /// The text of a text.
    pub(crate) fn text(&self) -> Option<&'a str> {
        (self.kind() == Kind::Text).then(|| self.document.text(self.at.node))
    }

    /// The text of any scalar as it is written.
    pub(crate) fn scalar(&self) -> Option<&'a str> {
        let scalar = matches!(self.kind(), Kind::Text | Kind::Number | Kind::True | Kind::False);
        scalar.then(|| self.document.text(self.at.node))
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            Kind::Null | Kind::Number | Kind::Text | Kind::List | Kind::Map | Kind::Alias => None,
        }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        (self.kind() == Kind::Number).then(|| self.document.text(self.at.node).parse().ok()).flatten()
    }

    pub(crate) fn place(&self) -> Place {
        let node = self.document.node(self.place);
        self.document.place(node.map_or(0, |node| node.start), node.map_or(0, |node| node.end))
    }

    /// The members of a map, in the document's order: key, value. Nothing for what is no map.
    pub(crate) fn members(self) -> impl Iterator<Item = (Self, Self)> + use<'a> {
        let end = self.node().filter(|node| node.kind == Kind::Map).map_or(0, |node| node.next);
        let mut next = self.at.node + 1;
        std::iter::from_fn(move || {
            while next < end {
                let key = next;
                let hidden = self.document.node(key).is_some_and(|node| node.hidden);
                let value = self.document.node(key).map_or(end, |node| node.next);
                next = self.document.node(value).map_or(end, |node| node.next);
                if !hidden {
                    return Some((self.sibling(key), self.sibling(value)));
                }
            }
            None
        })
    }

    /// The items of a list. Nothing for what is no list.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> + use<'a> {
        let end = self.node().filter(|node| node.kind == Kind::List).map_or(0, |node| node.next);
        let mut next = self.at.node + 1;
        std::iter::from_fn(move || {
            let item = next;
            if item >= end {
                return None;
            }
            next = self.document.node(item).map_or(end, |node| node.next);
            Some(self.sibling(item))
        })
    }

    /// The name of a member, which is a text whatever it looks like.
    pub(crate) fn name(&self) -> &'a str {
        self.document.text(self.at.node)
    }

    /// A member with its key.
    pub(crate) fn member(&self, name: &str) -> Option<(Self, Self)> {
        if let Some(index) = self.document.wide.get(&self.at.node) {
            let digest = hash(name);
            let from = index.partition_point(|(other, _)| *other < digest);
            let alike = index.iter().skip(from).take_while(|(other, _)| *other == digest);
            let hidden = |key: u32| self.document.node(key).is_some_and(|node| node.hidden);
            let key =
                alike.map(|(_, key)| *key).find(|key| !hidden(*key) && self.document.text(*key) == name)?;
            let value = self.document.node(key)?.next;
            return Some((self.sibling(key), self.sibling(value)));
        }
        self.members().find(|(key, _)| key.name() == name)
    }

    /// The value of a member.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        self.member(name).map(|(_, value)| value)
    }

    /// The value of a member that is a text.
    pub(crate) fn get_text(&self, name: &str) -> Option<&'a str> {
        self.get(name)?.text()
    }

    /// The `$ref` of a map.
    pub(crate) fn reference(&self) -> Option<(Self, &'a str)> {
        if !self.is_map() {
            return None;
        }
        let value = self.get("$ref")?;
        Some((value, value.text()?))
    }

    /// What stands at the end of a chain of references; itself where it is none.
    pub(crate) fn follow(self) -> Result<Self, Broken> {
        let mut view = self;
        for _ in 0..HOPS {
            let Some((_, reference)) = view.reference() else { return Ok(view) };
            view = self.library.resolve(view.at, reference)?;
        }
        Err(Broken::Circle)
    }

    /// The value as JSON, its references as they stand.
    pub(crate) fn to_value(self) -> Value {
        match self.kind() {
            Kind::Null | Kind::Alias => Value::Null,
            Kind::True => Value::Bool(true),
            Kind::False => Value::Bool(false),
            Kind::Number => number(self.document.text(self.at.node)).map_or(Value::Null, Value::Number),
            Kind::Text => Value::String(self.document.text(self.at.node).to_owned()),
            Kind::List => Value::Array(self.items().map(View::to_value).collect()),
            Kind::Map => {
                let members = self.members().map(|(key, value)| (key.name().to_owned(), value.to_value()));
                Value::Object(members.collect::<Map<_, _>>())
            }
        }
    }
}

/// A number as JSON keeps it; `None` beyond what 64 bits hold.
pub(crate) fn number(text: &str) -> Option<Number> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.into());
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return u64::from_str_radix(octal, 8).ok().map(Number::from);
    }
    if let Some(hexadecimal) = text.strip_prefix("0x") {
        return u64::from_str_radix(hexadecimal, 16).ok().map(Number::from);
    }
    Number::from_f64(text.parse().ok()?)
}
