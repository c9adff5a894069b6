//! What the codes of Lobby's own problems stand for, beside those of documents and of their security.

use contract::Kind;

/// Problems of lobby.yaml, and of serving documents together, by name.
pub(crate) const OWN: [Kind; 14] = [
    Kind {
        code: "api.name",
        meaning: "Two APIs have one name: those without an entry in lobby.yaml are named after their files, up to the first dot",
        cure: "name them in lobby.yaml: `apis: { one: { contract: … }, two: { contract: … } }`",
    },
    Kind {
        code: "config.form",
        meaning: "lobby.yaml is no YAML, or a value in it is of the wrong kind",
        cure: "mend it at the place that is shown; [configuration](configuration.md) has every key",
    },
    Kind {
        code: "config.idle",
        meaning: "lobby.yaml has keys that are read and checked, and that do nothing yet in this version",
        cure: "nothing: they may stay for the version that takes them; [configuration](configuration.md) says which",
    },
    Kind {
        code: "config.key",
        meaning: "lobby.yaml has a key that is none, or lacks one that is needed",
        cure: "write the one that is suggested; [configuration](configuration.md) has every key",
    },
    Kind {
        code: "config.value",
        meaning: "A value in lobby.yaml cannot be used: it is no value of its key, or names something that is not there",
        cure: "write it as the message says",
    },
    Kind {
        code: "fault",
        meaning: "Lobby itself failed while reading",
        cure: "tell us, with the document if you can",
    },
    Kind {
        code: "file.unreadable",
        meaning: "A file cannot be read: it is not there, or permission is missing",
        cure: "check its name; paths in lobby.yaml are relative to it",
    },
    Kind {
        code: "pages.contrast",
        meaning: "A colour of `pages.colours` is hard to read on what is behind it: less than 4.5 to 1 (WCAG 2.2 AA, 1.4.3)",
        cure: "take the colour that is suggested, or one between; the pages are served with yours meanwhile",
    },
    Kind {
        code: "pages.logo",
        meaning: "The picture of `pages.logo` is none that is served: it is neither SVG, PNG nor WebP, or too large",
        cure: "give it as SVG, PNG or WebP of at most 256 KB",
    },
    Kind {
        code: "pages.template",
        meaning: "A template of `pages.templates` cannot be used: it does not compile, asks for what is not there, or its page does \
                  not send what ours does. Every page and mail is rendered with sample values at the start",
        cure: "mend it at the place that is shown; [pages](pages.md) says what a template gets and what it must keep",
    },
    Kind {
        code: "pages.translation",
        meaning: "A file of `pages.translations` has a text that there is none of, lacks one that its language needs, or has \
                  other placeholders than ours",
        cure: "write the text that is suggested; [pages](pages.md) says where all of them are",
    },
    Kind {
        code: "path.clash",
        meaning: "Two operations have one path and method here, where hosts count for nothing. Of two APIs that is an error; within \
                  one, the longest path of a server wins",
        cure: "serve one of the APIs elsewhere: `apis.NAME.base: /elsewhere`",
    },
    Kind {
        code: "path.reserved",
        meaning: "An operation lies below `/_lobby/`, which is Lobby's own",
        cure: "serve the API below another path: `apis.NAME.base: /v1`",
    },
    Kind {
        code: "path.well-known",
        meaning: "An operation lies where the authorization server answers, below `/.well-known/` at the root. It is not reached there",
        cure: "call it below the server's path, or serve the API elsewhere: `apis.NAME.base: /v1`",
    },
];

/// What a code stands for, be it the document's or Lobby's own. Findings about security have pages of their own.
pub(crate) fn of(code: &str) -> Option<&'static Kind> {
    Kind::parse(code).or_else(|| OWN.iter().find(|kind| kind.code == code))
}

/// Where the explanation lies in the repository.
pub(crate) fn page(code: &str) -> String {
    format!("docs/problems.md#{code}")
}
