use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `lobby pwned`
#[derive(Debug, Args)]
pub(crate) struct Pwned {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is done with filters of breached passwords.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a filter of Have I Been Pwned's list of SHA-1 hashes.
    #[command(after_help = "Example:\n  lobby pwned build pwnedpasswords.txt -o pwned.filter")]
    Build(Build),
    /// Read passwords from standard input, a line each, and print `found` or `clear` for each.
    #[command(after_help = "Example:\n  echo 'correct horse' | lobby pwned check -f pwned.filter")]
    Check(Check),
}

/// `lobby pwned build`
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Lists sorted by hash, `HASH:COUNT` a line; or files named by five digits with `SUFFIX:COUNT` lines, or a
    /// folder of these.
    #[arg(value_name = "HIBP-FILES", required = true, env = "LOBBY_PWNED_FILES", value_delimiter = ',')]
    pub(crate) files: Vec<PathBuf>,
    /// Where the filter is written.
    #[arg(long, short, value_name = "FILE", env = "LOBBY_OUTPUT")]
    pub(crate) output: PathBuf,
    /// 16: 2.3 bytes a hash and one false alarm in 65,536; 8: 1.2 bytes and one in 256.
    #[arg(long, value_enum, default_value = "16", env = "LOBBY_PWNED_BITS")]
    pub(crate) bits: Bits,
}

/// How long a fingerprint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bits {
    /// One byte.
    #[value(name = "8")]
    Eight,
    /// Two bytes.
    #[value(name = "16")]
    Sixteen,
}

/// `lobby pwned check`
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The filter; default: that of the commonest passwords, which is in the program.
    #[arg(long = "filter", short = 'f', value_name = "FILE", env = "LOBBY_PWNED_FILTER")]
    pub(crate) filter: Option<PathBuf>,
}
