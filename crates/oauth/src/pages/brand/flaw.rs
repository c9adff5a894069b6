use model::Severity;

/// Something about a service's own pages that a person must change, or should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// An error, where no page can be made of it.
    pub severity: Severity,
    /// Where.
    pub at: At,
    /// What is wrong, as a lower-case fragment without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Where a flaw is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// The picture.
    Logo,
    /// A colour of the light, by its name.
    Colour(&'static str),
    /// A colour of the dark, by its name.
    DarkColour(&'static str),
    /// A template.
    Template {
        /// Its name.
        name: String,
        /// The line, from 1, where it is known.
        line: Option<u32>,
    },
    /// A language.
    Language {
        /// Its tag.
        tag: String,
    },
    /// A text of a language.
    Text {
        /// The language's tag.
        tag: String,
        /// The text's id.
        id: String,
    },
}
