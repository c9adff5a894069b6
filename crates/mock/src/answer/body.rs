//! The body of an answer in one media type: a documented example, kept once rendered, else a generated value.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use contract::{MediaType, OperationId, Response};
use http::HeaderValue;
use serde_json::Value;

use super::{
    Answerer, Asked,
    accept::Accept,
    choose,
    generate::{self, Purpose},
    render::{self, Form},
    schema::Side,
    told::Told,
    wish::Wish,
};

/// How many bodies of examples are kept, per answerer.
const MOST_KEPT: usize = 4_000;
/// How many bytes one kept body may have.
const KEPT_SIZE: usize = 1 << 20;

/// An example's body: operation, status, place of the media type, place of the example.
pub(super) type Key = (OperationId, u16, usize, usize);

#[derive(Debug, Clone)]
pub(super) struct Rendered {
    pub(super) content_type: HeaderValue,
    pub(super) body: Bytes,
    /// The value, where links may need it.
    pub(super) value: Option<Arc<Value>>,
}

/// What is wanted of a rendered body.
#[derive(Clone, Copy, Default)]
pub(super) struct Wanted<'a> {
    /// Whether its value is needed too.
    pub(super) value: bool,
    /// What a generated one tells.
    pub(super) told: Option<Told<'a>>,
}

impl Answerer {
    /// The body in one media type: a documented example, kept once rendered, else a generated value.
    #[expect(
        clippy::too_many_arguments,
        reason = "what decides a body is all of these, and this is the only call"
    )]
    pub(super) fn rendered(
        &self,
        asked: Asked<'_>,
        media: &MediaType,
        place: usize,
        accept: &Accept,
        wish: &Wish<'_>,
        purpose: &Purpose<'_>,
        wanted: Wanted<'_>,
    ) -> Rendered {
        let chosen = match wish.example.and_then(|name| choose::example(media, name)) {
            Some((number, _)) => Some(number),
            None if wish.dynamic || media.examples.is_empty() => None,
            None => Some(0),
        };
        let concrete = accept.concrete(&media.name);
        // The number after the last example stands for the schema's own.
        let own = media.examples.len();
        let key = (asked.id, wish.status, place, chosen.unwrap_or(own));
        let is_fixed = !media.name.contains('*') && (chosen.is_some() || !wish.dynamic);
        if is_fixed && let Some(kept) = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return kept.clone();
        }
        let example = chosen.and_then(|number| media.examples.get(number));
        let own = || self.schema_example(media).filter(|_| !wish.dynamic);
        let shown = example.map(|example| example.value.clone()).or_else(own);
        let keep = shown.is_some();
        let value = shown.unwrap_or_else(|| {
            let value = self.generated(media, purpose);
            if let Some(told) = wanted.told { self.telling(value, media, told) } else { value }
        });
        let serialized = example.is_some_and(|example| example.serialized);
        let rendered = write(&value, media, &concrete, serialized, wanted.value);
        if keep && is_fixed {
            self.keep(key, &rendered);
        }
        rendered
    }

    pub(super) fn keep(&self, key: Key, rendered: &Rendered) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST_KEPT && rendered.body.len() <= KEPT_SIZE {
            kept.insert(key, rendered.clone());
        }
    }

    /// The example or default of the schema itself, if it holds.
    fn schema_example(&self, media: &MediaType) -> Option<Value> {
        let schema = media.schema.as_ref()?;
        let mut node: &Value = schema;
        for _ in 0..8 {
            let listed = node.get("examples").and_then(Value::as_array).and_then(|list| list.first());
            let own = node.get("example").or(listed).or_else(|| node.get("default"));
            if let Some(value) = own {
                return self.cabinet.ready(schema, Side::Answer).accepts(value).then(|| value.clone());
            }
            let target = node.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'))?;
            node = schema.pointer(target)?;
        }
        None
    }

    fn generated(&self, media: &MediaType, purpose: &Purpose<'_>) -> Value {
        if let Some(schema) = &media.schema {
            return generate::value(&self.cabinet.ready(schema, Side::Answer), &self.cabinet, purpose);
        }
        if let Some(schema) = &media.item_schema {
            let ready = self.cabinet.ready(schema, Side::Answer);
            let item = |number: u64| {
                let purpose = Purpose { seed: purpose.seed.wrapping_add(number << 32), ..*purpose };
                generate::value(&ready, &self.cabinet, &purpose)
            };
            return Value::Array((0..3).map(item).collect());
        }
        match Form::of(&media.name) {
            Form::Json | Form::Xml | Form::Fields | Form::Multipart => Value::Object(serde_json::Map::new()),
            Form::Lines | Form::Sequence | Form::Events => Value::Array(Vec::new()),
            Form::Text | Form::Bytes => Value::from(""),
        }
    }
}

/// The place of the media type: liked best, and where an example is asked for one that has it. Only a
/// success may end in a 406; of anything else the first is given.
pub(super) fn place(response: &Response, accept: &Accept, wish: &Wish<'_>) -> Option<usize> {
    let names = || response.content.iter().map(|media| media.name.as_str());
    let liked = accept.choose(names());
    let has = |media: &MediaType| wish.example.is_some_and(|name| choose::example(media, name).is_some());
    if wish.example.is_some() && !liked.and_then(|place| response.content.get(place)).is_some_and(has) {
        let other = response
            .content
            .iter()
            .position(|media| has(media) && accept.choose(std::iter::once(media.name.as_str())).is_some());
        if other.is_some() {
            return other;
        }
    }
    liked.or((wish.status >= 300).then_some(0))
}

/// A value as a body. An example that is a text in a body of JSON is often JSON itself.
pub(super) fn write(
    value: &Value,
    media: &MediaType,
    concrete: &str,
    serialized: bool,
    with_value: bool,
) -> Rendered {
    let parsed = match (value, Form::of(concrete)) {
        (Value::String(text), Form::Json) if text.trim_start().starts_with(['{', '[']) => {
            serde_json::from_str::<Value>(text).ok().filter(|_| !takes_text(media))
        }
        _ => None,
    };
    let value = parsed.as_ref().unwrap_or(value);
    let body = match value {
        Value::String(text) if serialized => Bytes::from(text.clone()),
        _ => render::body(value, concrete, media.schema.as_deref()),
    };
    let content_type = HeaderValue::try_from(render::content_type(concrete));
    Rendered {
        content_type: content_type.unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream")),
        body,
        value: with_value.then(|| Arc::new(value.clone())),
    }
}

fn takes_text(media: &MediaType) -> bool {
    media.schema.as_ref().is_some_and(|schema| schema.get("type").and_then(Value::as_str) == Some("string"))
}
