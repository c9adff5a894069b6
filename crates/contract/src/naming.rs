use crate::{Contract, Operation, Template};

/// An API among several, by whose operations are named.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// The API's name.
    pub api: &'a str,
    /// Where it is served.
    pub bases: &'a [String],
    /// What it promises.
    pub contract: &'a Contract,
}

/// Every operation that a person may mean by `written`, with the place of its API among `apis`. The fuller name
/// wins: `shop/listBooks`, then `GET /shop/books/{id}` with the base, then `listBooks` or `GET /books/{id}`, which
/// several APIs may have. What the parameters are called is nothing to go by.
pub fn named<'a>(apis: &[Named<'a>], written: &str) -> Vec<(usize, &'a Operation)> {
    let whole = written.split_once('/').and_then(|(api, name)| {
        let index = apis.iter().position(|known| known.api == api)?;
        Some((index, apis.get(index)?.contract.find(name)?))
    });
    if let Some(found) = whole {
        return vec![found];
    }
    let each = || apis.iter().enumerate();
    let below = |api: &Named<'a>, operation: &Operation| {
        api.bases.iter().any(|base| operation.is_at(base.as_str(), written))
    };
    let placed = each().flat_map(|(index, api)| {
        let here = api.contract.operations().iter().filter(|operation| below(api, operation));
        here.map(move |operation| (index, operation))
    });
    let placed: Vec<_> = placed.collect();
    if !placed.is_empty() {
        return placed;
    }
    each().filter_map(|(index, api)| Some((index, api.contract.find(written)?))).collect()
}

impl Named<'_> {
    /// The name that means this operation of this API and no other: `shop/listBooks`.
    pub fn full(&self, operation: &Operation) -> String {
        format!("{}/{}", self.api, operation.name)
    }
}

impl Operation {
    /// Whether `written` is this operation's method and its path below `base`: `GET /v1/books/{id}`.
    pub(crate) fn is_at(&self, base: &str, written: &str) -> bool {
        written.split_once(' ').is_some_and(|(method, path)| {
            self.method.as_str().eq_ignore_ascii_case(method)
                && path.strip_prefix(base).is_some_and(|path| self.template.is_like(path))
        })
    }
}

impl Template {
    /// Whether `text` is this template, whatever its parameters are called.
    pub fn is_like(&self, text: &str) -> bool {
        shape(&self.text).eq(shape(text))
    }
}

/// The characters of a template without its parameters' names.
fn shape(text: &str) -> impl Iterator<Item = char> {
    let mut inside = false;
    text.chars().filter(move |c| {
        let kept = !inside || *c == '}';
        inside = (inside || *c == '{') && *c != '}';
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, read_text};

    fn contract(text: &str) -> Contract {
        let text = format!("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n{text}");
        read_text("api.yaml", text.as_bytes(), &Options::default()).contract.unwrap()
    }

    #[test]
    fn an_operation_is_found_by_its_id_or_by_its_method_and_path() {
        let shop = contract("  /books/{bookId}:\n    get: {operationId: getBook}\n    delete: {}\n");
        for name in ["getBook", "GET /books/{bookId}", "GET /books/{id}", "get /books/{}"] {
            assert_eq!(&*shop.find(name).unwrap().name, "getBook", "{name}");
        }
        assert_eq!(&*shop.find("DELETE /books/{id}").unwrap().name, "DELETE /books/{bookId}");
        for name in ["GET /books/id", "POST /books/{bookId}", "GET /books/{a}/{b}", "getbook", "GET"] {
            assert!(shop.find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn of_several_apis_the_fuller_name_wins_and_a_shared_one_finds_all() {
        let (one, two) = (
            contract("  /x: {get: {operationId: getX}}\n"),
            contract("  /x: {get: {operationId: getX}, post: {}}\n"),
        );
        let (at_one, at_two) = (["/one".to_owned()], ["/two".to_owned(), "/2".to_owned()]);
        let apis = [
            Named { api: "one", bases: &at_one, contract: &one },
            Named { api: "two", bases: &at_two, contract: &two },
        ];
        let found = |written: &str| -> Vec<String> {
            named(&apis, written).into_iter().map(|(index, it)| apis[index].full(it)).collect()
        };
        assert_eq!(found("getX"), ["one/getX", "two/getX"]);
        assert_eq!(found("GET /x"), ["one/getX", "two/getX"]);
        assert_eq!(found("two/getX"), ["two/getX"]);
        assert_eq!(found("two/GET /x"), ["two/getX"]);
        assert_eq!(found("GET /two/x"), ["two/getX"]);
        assert_eq!(found("GET /2/x"), ["two/getX"]);
        assert_eq!(found("POST /x"), ["two/POST /x"]);
        assert!(found("three/getX").is_empty());
    }
}
