use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::http::Connection;

/// More than are used up in a second.
const PER_SECOND: u32 = 25_000;

/// A token of `alice` with all her scopes.
pub(super) fn one(port: u16) -> Result<String> {
    issue(&mut Connection::open(port)?, port)
}

/// A script for wrk that presents each of its tokens once, and ends with them.
pub(super) fn script(port: u16, seconds: u32) -> Result<NamedTempFile> {
    let mut connection = Connection::open(port)?;
    let mut text = String::from("local tokens = {\n");
    for _ in 0..seconds * PER_SECOND {
        writeln!(text, "\"{}\",", issue(&mut connection, port)?)?;
    }
    text += "}\n";
    text += "local next = 0\n";
    text += "function request()\n";
    text += "  next = next + 1\n";
    text += "  if next >= #tokens then wrk.thread:stop() end\n";
    text += "  return wrk.format('GET', nil, { Authorization = 'Bearer ' .. (tokens[next] or tokens[1]) })\n";
    text += "end\n";
    let mut file = NamedTempFile::with_suffix(".lua")?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}

fn issue(connection: &mut Connection, port: u16) -> Result<String> {
    let body = r#"{"as":"alice"}"#;
    let length = body.len();
    let answer = connection.send(&format!(
        "POST /_lobby/token HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    ))?;
    let text = String::from_utf8_lossy(&answer.body);
    ensure!(answer.status == 200, "/_lobby/token answered {}: {text}", answer.status);
    let value: Value = serde_json::from_str(&text)?;
    value.get("access_token").and_then(Value::as_str).map(str::to_owned).context("no access token was issued")
}
