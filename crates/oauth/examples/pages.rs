//! Renders every sign-in page into a folder, to look at: `cargo run -p oauth --example pages -- FOLDER`.

use std::{env, fs, io, path::Path};

use oauth::pages::{
    AccountPage, App, AppPasswordLine, AppPasswords, Authenticator, AuthenticatorSetUp, Brand, CodeProblem,
    Consent, Device, DeviceCode, DeviceConfirm, DeviceDone, FactorNeeded, FactorProblem, Failure,
    FailureKind, Field, Form, FormKind, Frame, Happened, Input, Mailbox, Notice, NoticeKind, Page,
    PasskeyAsked, PasskeyLine, PasskeyOffer, Passkeys, PasskeysProblem, Permission, Persona, RecoveryCodes,
    SecondFactor, SignIn, SignInProblem, SignOut, SignedOut, Text, Ticket, Unknown, Waited, Who, render,
};

#[path = "../src/pages/samples.rs"]
#[expect(dead_code, reason = "hostile values are the tests' alone")]
mod samples;

fn main() -> io::Result<()> {
    let Some(folder) = env::args().nth(1) else {
        return Err(io::Error::other("name the folder to write into"));
    };
    let folder = Path::new(&folder);
    let assets = folder.join("_lobby/assets");
    fs::create_dir_all(&assets)?;
    for name in ["pages.css", "lobby.svg"] {
        let asset = Brand::built_in().asset(name).ok_or_else(|| io::Error::other("an asset is gone"))?;
        fs::write(assets.join(name), asset.body())?;
    }
    let mut pages = Vec::new();
    samples::each(&samples::FRIENDLY, &mut |name, page| {
        pages.push((name.to_owned(), render(&Frame { base: ".", ..Frame::default() }, page)));
    });
    for (name, html) in pages {
        let html = html.map_err(io::Error::other)?;
        fs::write(folder.join(format!("{name}.html")), html)?;
    }
    Ok(())
}
