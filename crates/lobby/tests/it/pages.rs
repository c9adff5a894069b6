//! What the program says of itself.

use testkit::once;

#[test]
fn completions_are_printed_for_each_shell() {
    for (shell, word) in [("bash", "_lobby()"), ("zsh", "#compdef lobby"), ("fish", "complete -c lobby")] {
        let finished = once(&["completions", shell]);
        finished.exits(0);
        assert!(finished.stdout.contains(word), "{shell}: {}", finished.stdout);
        assert!(finished.stdout.contains("inspect"), "{shell}");
    }
    once(&["completions", "cmd"]).exits(2);
}

#[test]
fn each_commands_help_has_an_example() {
    for command in ["mock", "check", "token", "inspect", "init", "ca", "completions"] {
        let finished = once(&[command, "--help"]);
        finished.exits(0);
        assert!(finished.stdout.contains(&format!("lobby {command}")), "{}", finished.stdout);
        assert!(finished.stdout.contains("Example:"), "{}", finished.stdout);
    }
}
