//! The reference pages in `docs/`, written from the code that they are about. `cargo xtask generate` writes them
//! anew.

mod commands;
mod configuration;
mod denials;
mod problems;

#[test]
fn the_generated_page_of_commands_is_fresh() {
    testkit::generated("docs/commands.md", &commands::page());
}

#[test]
fn the_generated_page_of_denials_is_fresh() {
    testkit::generated("docs/denials.md", &denials::page());
}

#[test]
fn the_generated_page_of_problems_is_fresh() {
    testkit::generated("docs/problems.md", &problems::page());
}

#[test]
fn the_generated_page_of_configuration_is_fresh() {
    testkit::generated("docs/configuration.md", &configuration::page());
}

/// A text as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
