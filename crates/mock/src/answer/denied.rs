//! Bodies of answers that say no: denials in the form that the document gives them, and requests that are not
//! as it says.

use std::sync::PoisonError;

use bytes::Bytes;
use contract::{MediaType, Operation};
use guard::Code;
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use serde_json::Value;

use super::{
    Answer, Answerer, Ask, Asked, HINT, PROBLEMS,
    accept::Accept,
    body::{Rendered, Wanted, write},
    choose,
    generate::Purpose,
    problem,
    render::Form,
    request::Found,
    schema::Side,
    seed::Seed,
    told,
    told::Told,
    wish::{self, Wish},
};

impl Answerer {
    /// The documented body of a denial (control.md, default 10): of exactly this status, then `4XX`, never
    /// of `default`; by `Accept`, else in the first media type. A documented example stands as it is written
    /// (`example` names one of several, else the one whose name or code comes nearest to the denial's); of a
    /// generated body the members that say what happened say it. With its `Content-Type`.
    pub fn denied_body(
        &self,
        operation: &Operation,
        status: u16,
        accept: Option<&str>,
        example: Option<&str>,
        told: Told<'_>,
    ) -> Option<(HeaderValue, Bytes)> {
        let detail = operation.detail(&self.contract);
        let asked = Asked { id: operation.id, name: &operation.name, detail: &detail };
        let rendered = self.denial(asked, status, &Accept::read(accept), example, told)?;
        Some((rendered.content_type, rendered.body))
    }

    /// What to tell whoever asks for the example `name` in a denial of this status that has none of that name.
    pub fn lacks_example(&self, operation: &Operation, status: u16, name: &str) -> Option<String> {
        let detail = operation.detail(&self.contract);
        let content = choose::denial(&detail, status).map(|response| &*response.content).unwrap_or_default();
        let has = content.iter().any(|media| choose::example(media, name).is_some());
        (!has).then(|| problem::line(&wish::no_example(name, Some(status), &wish::names(content))))
    }

    pub(super) fn denial(
        &self,
        asked: Asked<'_>,
        status: u16,
        accept: &Accept,
        example: Option<&str>,
        told: Told<'_>,
    ) -> Option<Rendered> {
        let response = choose::denial(asked.detail, status)?;
        let names = || response.content.iter().map(|media| media.name.as_str());
        let place = accept.choose(names()).unwrap_or(0);
        let media = response.content.get(place)?;
        let chosen = example.filter(|name| choose::example(media, name).is_some());
        let fitting = || told::fitting(media, told.problem).map(|example| example.name.as_str());
        let dynamic = self.settings.dynamic && chosen.is_none();
        let example = chosen.or_else(|| if dynamic { None } else { fitting() });
        let wish = Wish { status, example, dynamic };
        let mut seed = Seed::new(self.settings.seed);
        seed.add(asked.name);
        let purpose = Purpose {
            values: self.settings.values,
            examples: !wish.dynamic,
            seed: seed.0,
            now: told.now,
            status: Some(status),
            given: &[],
            name: "",
        };
        if example.is_some() {
            return Some(self.rendered(asked, media, place, accept, &wish, &purpose, Wanted::default()));
        }
        // Denials come in floods: what is generated for one is kept for the day that its dates are of.
        let day = usize::try_from(told.now.as_seconds().div_euclid(86_400)).unwrap_or(0);
        let key = (asked.id, status, place, usize::MAX - day);
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let base = kept.unwrap_or_else(|| {
            let wanted = Wanted { value: true, ..Wanted::default() };
            let rendered = self.rendered(asked, media, place, accept, &wish, &purpose, wanted);
            if !media.name.contains('*') {
                self.keep(key, &rendered);
            }
            rendered
        });
        let value = base.value.as_deref().cloned()?;
        let value = self.telling(value, media, told);
        Some(write(&value, media, &accept.concrete(&media.name), false, false))
    }

    /// A generated body with what happened in it.
    pub(super) fn telling(&self, value: Value, media: &MediaType, told: Told<'_>) -> Value {
        // A page may not say what somebody else put into the request.
        if media.name.contains("html") || media.item_schema.is_some() {
            return value;
        }
        let Some(schema) = &media.schema else {
            let is_open = Form::of(&media.name) == Form::Json;
            return if is_open { told.problem.clone() } else { value };
        };
        let ready = self.cabinet.ready(schema, Side::Answer);
        told::tell(value, &ready, &told, media.name.starts_with(problem::MEDIA_TYPE))
    }

    /// The answer to a request that is not as the document says.
    pub(super) fn refusal(&self, asked: Asked<'_>, ask: Ask<'_>, accept: &Accept, found: Found) -> Answer {
        let (status, code) = if found.body_type.is_some() {
            (415, Code::BodyType)
        } else if found.unreadable && !choose::declares(asked.detail, 422) {
            (400, Code::RequestInvalid)
        } else {
            (choose::invalid_status(asked.detail), Code::RequestInvalid)
        };
        let said = problem::invalid(status, code, &found, ask.request_id);
        let told = Told { problem: &said, path: ask.path, now: ask.now };
        let mut answer = Answer::empty(status);
        if let Some(documented) = self.denial(asked, status, accept, None, told) {
            answer.headers.insert(CONTENT_TYPE, documented.content_type);
            answer.body = documented.body;
            if let Some(problems) = problem::listed(&found) {
                answer.headers.insert(PROBLEMS, problems);
            }
        } else {
            answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
            answer.body = Bytes::from(said.to_string());
        }
        if status == 415
            && let Some(types) = &found.body_type
            && let Ok(types) = HeaderValue::try_from(types.join(", "))
        {
            // RFC 9110 12.5.1, 15.5.16
            answer.headers.insert(http::header::ACCEPT, types);
        }
        if let Ok(hint) = HeaderValue::try_from(problem::hint(&found)) {
            answer.headers.insert(HINT, hint);
        }
        answer.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        answer.code = Some(code.as_str());
        answer.mistakes = found.mistakes;
        answer
    }
}
