use serde_json::Value;

/// How many schemas are looked at in one place.
const MOST: usize = 120;
/// How many enumerated values are looked at in one place.
const MOST_LISTED: usize = 300;

/// All schemas that speak about one place of a value: references and combinators followed, whether the
/// branch is the one that was taken or not; the validator has the last word.
pub(super) struct Place<'a> {
    root: &'a Value,
    nodes: Vec<&'a Value>,
}

impl<'a> Place<'a> {
    pub(super) fn root(schema: &'a Value) -> Self {
        Self::of(schema, vec![schema])
    }

    fn of(root: &'a Value, first: Vec<&'a Value>) -> Self {
        let mut nodes: Vec<&Value> = Vec::new();
        let mut waiting = first;
        while let Some(node) = waiting.pop() {
            if nodes.len() >= MOST || nodes.iter().any(|known| std::ptr::eq(*known, node)) {
                continue;
            }
            nodes.push(node);
            let target = node.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
            waiting.extend(target.and_then(|at| root.pointer(at)));
            for word in ["allOf", "anyOf", "oneOf"] {
                waiting.extend(node.get(word).and_then(Value::as_array).into_iter().flatten());
            }
            waiting.extend(["if", "then", "else"].iter().filter_map(|word| node.get(*word)));
        }
        Self { root, nodes }
    }

    /// The place of a member.
    pub(super) fn member(&self, name: &str) -> Self {
        let of = |node: &&'a Value| node.get("properties").and_then(|all| all.get(name));
        Self::of(self.root, self.nodes.iter().filter_map(of).collect())
    }

    /// The place of an item.
    pub(super) fn item(&self, number: usize) -> Self {
        let of = |node: &&'a Value| {
            let fixed = node.get("prefixItems").and_then(|items| items.get(number));
            fixed.or_else(|| node.get("items"))
        };
        Self::of(self.root, self.nodes.iter().filter_map(of).collect())
    }

    /// The values that may stand here, where they are listed.
    pub(super) fn listed(&self) -> Vec<&'a Value> {
        let mut all: Vec<&Value> = Vec::new();
        for node in &self.nodes {
            all.extend(node.get("const"));
            all.extend(node.get("enum").and_then(Value::as_array).into_iter().flatten());
        }
        all.truncate(MOST_LISTED);
        all
    }

    /// Whether the document shows what may stand here.
    pub(super) fn has_example(&self) -> bool {
        let words = ["example", "examples", "default"];
        self.nodes.iter().any(|node| words.iter().any(|word| node.get(*word).is_some()))
    }
}
