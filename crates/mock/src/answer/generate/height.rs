//! How far a schema's smallest value reaches down: what must be chosen when generation has to end.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    holds::{bound, names},
    resolve::{Resolver, address},
};

/// Never ends.
pub(super) const ENDLESS: u32 = 1_000;
/// How many schemas one question may look at.
const EFFORT: u32 = 4_000;

/// Heights that were found, by the schema's address.
#[derive(Debug, Default)]
pub(super) struct Heights {
    known: HashMap<usize, u32>,
}

impl Heights {
    /// Levels of objects and arrays that the smallest value of `node` needs; 1,000 when it never ends.
    pub(super) fn of(&mut self, resolver: &Resolver<'_>, node: &Value) -> u32 {
        let mut effort = EFFORT;
        self.measure(resolver, node, &mut Vec::new(), &mut effort)
    }

    fn measure(
        &mut self,
        resolver: &Resolver<'_>,
        node: &Value,
        open: &mut Vec<usize>,
        effort: &mut u32,
    ) -> u32 {
        let Value::Object(map) = node else { return if node == &Value::Bool(false) { ENDLESS } else { 0 } };
        let place = address(node);
        if let Some(height) = self.known.get(&place) {
            return *height;
        }
        if open.contains(&place) || *effort == 0 || open.len() > 100 {
            return ENDLESS;
        }
        *effort -= 1;
        open.push(place);
        let mut height = 0;
        for word in ["$ref", "$dynamicRef"] {
            let target = map.get(word).and_then(Value::as_str).and_then(|to| resolver.target(node, to));
            if let Some((target, _)) = target {
                height = height.max(self.measure(resolver, target, open, effort));
            }
        }
        let list = |word: &str| map.get(word).and_then(Value::as_array).into_iter().flatten();
        for part in list("allOf") {
            height = height.max(self.measure(resolver, part, open, effort));
        }
        for word in ["anyOf", "oneOf"] {
            let branches = list(word).map(|branch| self.measure(resolver, branch, open, effort));
            height = height.max(branches.min().unwrap_or(0));
        }
        for name in names(map.get("required")) {
            if let Some(part) = map.get("properties").and_then(|all| all.get(name)) {
                height = height.max(1 + self.measure(resolver, part, open, effort));
            }
        }
        if bound(map, "minItems").unwrap_or(0) > 0
            && let Some(part) = map.get("items")
        {
            height = height.max(1 + self.measure(resolver, part, open, effort));
        }
        open.pop();
        let height = height.min(ENDLESS);
        // A height found inside a circle depends on where the question began.
        if open.is_empty() || height < ENDLESS {
            self.known.insert(place, height);
        }
        height
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_circle_of_required_properties_never_ends_and_an_optional_one_does() {
        let schema = json!({"$defs": {
            "endless": {"required": ["next"], "properties": {"next": {"$ref": "#/$defs/endless"}}},
            "list": {"properties": {"next": {"$ref": "#/$defs/list"}}},
            "choice": {"anyOf": [{"$ref": "#/$defs/endless"}, {"required": ["a"], "properties": {"a": {}}}]},
        }});
        let resolver = Resolver::new(&schema, false);
        let mut heights = Heights::default();
        assert_eq!(heights.of(&resolver, &schema["$defs"]["endless"]), ENDLESS);
        assert_eq!(heights.of(&resolver, &schema["$defs"]["list"]), 0);
        assert_eq!(heights.of(&resolver, &schema["$defs"]["choice"]), 1);
    }
}
