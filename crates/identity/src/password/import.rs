//! Hashes as other products export them, made PHC strings.

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_json::Value;
use thiserror::Error;

use super::{
    Phc, PhcError,
    scheme::{Digest, Firebase, Pbkdf2, Scheme},
};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Why an exported credential was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ImportError {
    /// A field is missing, or not of its type.
    #[error("`{0}` is missing, or not what the export has there")]
    Field(&'static str),
    /// An algorithm that is not known here.
    #[error("its algorithm is not known")]
    Algorithm,
    /// The hash cannot be taken.
    #[error("its hash cannot be taken")]
    Hash(#[from] PhcError),
}

/// A credential of Keycloak's realm export (`users[].credentials[]`, type `password`): PBKDF2 or argon2, with
/// `secretData` and `credentialData` as JSON within JSON.
pub fn keycloak(credential: &Value) -> Result<Phc, ImportError> {
    let secret = inner(credential, "secretData")?;
    let data = inner(credential, "credentialData")?;
    let hash = decoded(&secret, "value")?;
    let salt = decoded(&secret, "salt")?;
    let rounds = data.get("hashIterations").and_then(Value::as_u64);
    let rounds = rounds.ok_or(ImportError::Field("hashIterations"))?;
    let rounds = u32::try_from(rounds).map_err(|_| PhcError::Cost)?;
    let pbkdf2 = |digest| {
        let (salt, hash) = (salt.clone(), hash.clone());
        Ok(Phc::of_scheme(&Scheme::Pbkdf2(Pbkdf2 { digest, rounds, salt, hash }))?)
    };
    match data.get("algorithm").and_then(Value::as_str) {
        Some("pbkdf2") => pbkdf2(Digest::Sha1),
        Some("pbkdf2-sha256") => pbkdf2(Digest::Sha256),
        Some("pbkdf2-sha512") => pbkdf2(Digest::Sha512),
        Some("argon2") => keycloak_argon2(&data, rounds, &salt, &hash),
        _ => Err(ImportError::Algorithm),
    }
}

fn keycloak_argon2(data: &Value, passes: u32, salt: &[u8], hash: &[u8]) -> Result<Phc, ImportError> {
    // Each is a list with one text.
    let parameter = |name: &'static str| {
        let value = data.get("additionalParameters").and_then(|all| all.get(name));
        value.and_then(|list| list.get(0)).and_then(Value::as_str).ok_or(ImportError::Field(name))
    };
    let kind = parameter("type")?;
    if !matches!(kind, "i" | "d" | "id") {
        return Err(ImportError::Algorithm);
    }
    let version = match parameter("version")? {
        "1.0" => 16,
        "1.3" => 19,
        _ => return Err(ImportError::Algorithm),
    };
    let (memory, lanes) = (parameter("memory")?, parameter("parallelism")?);
    let (salt, hash) = (BASE64.encode(salt), BASE64.encode(hash));
    Ok(Phc::parse(&format!("$argon2{kind}$v={version}$m={memory},t={passes},p={lanes}${salt}${hash}"))?)
}

/// A user of Auth0's export (`passwordHash`, bcrypt), or of its import format (`custom_password_hash`: bcrypt,
/// argon2 and pbkdf2 as they are written, scrypt in parts).
pub fn auth0(user: &Value) -> Result<Phc, ImportError> {
    let written = user.get("passwordHash").or_else(|| user.get("password_hash"));
    if let Some(hash) = written.and_then(Value::as_str) {
        return Ok(Phc::parse(hash)?);
    }
    let custom = user.get("custom_password_hash").ok_or(ImportError::Field("passwordHash"))?;
    let hash = custom.get("hash").ok_or(ImportError::Field("hash"))?;
    let value = text(hash, "value")?;
    match custom.get("algorithm").and_then(Value::as_str) {
        Some("bcrypt" | "argon2" | "pbkdf2") => Ok(Phc::parse(value)?),
        Some("scrypt") => auth0_scrypt(custom, hash),
        _ => Err(ImportError::Algorithm),
    }
}

fn auth0_scrypt(custom: &Value, hash: &Value) -> Result<Phc, ImportError> {
    let number = |name: &'static str| {
        let number = hash.get(name).and_then(Value::as_u64).ok_or(ImportError::Field(name))?;
        u32::try_from(number).map_err(|_| ImportError::Hash(PhcError::Cost))
    };
    let (n, r, p) = (number("cost")?, number("blockSize")?, number("parallelization")?);
    if !n.is_power_of_two() {
        return Err(ImportError::Field("cost"));
    }
    let salt = custom.get("salt").ok_or(ImportError::Field("salt"))?;
    let (salt, hash) = (encoded(salt)?, encoded(hash)?);
    let log_n = u8::try_from(n.ilog2()).map_err(|_| PhcError::Cost)?;
    Ok(Phc::of_scheme(&Scheme::Scrypt { log_n, r, p, salt, hash })?)
}

/// `{value, encoding}`, the encoding being `base64`, `hex` or `utf8`.
fn encoded(value: &Value) -> Result<Vec<u8>, ImportError> {
    let text = text(value, "value")?;
    match value.get("encoding").and_then(Value::as_str).unwrap_or("utf8") {
        "base64" => BASE64.decode(text).map_err(|_| ImportError::Field("value")),
        "hex" => unhex(text).ok_or(ImportError::Field("value")),
        "utf8" => Ok(text.as_bytes().to_vec()),
        _ => Err(ImportError::Field("encoding")),
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    });
    pairs.collect()
}

/// What is the same for all users of a Firebase project (Authentication, Users, Password hash parameters).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirebaseKey {
    /// `base64_signer_key`
    pub signer_key: String,
    /// `base64_salt_separator`
    pub salt_separator: String,
    /// `rounds`: 8, as a rule.
    pub rounds: u32,
    /// `mem_cost`: 14, as a rule.
    pub mem_cost: u32,
}

/// A user of `firebase auth:export` (`passwordHash`, `salt`), with the parameters of its project.
pub fn firebase(user: &Value, project: &FirebaseKey) -> Result<Phc, ImportError> {
    let decode = |name: &'static str, text: &str| web_safe(text).ok_or(ImportError::Field(name));
    let scheme = Firebase {
        log_n: u8::try_from(project.mem_cost).map_err(|_| PhcError::Cost)?,
        r: project.rounds,
        salt: decode("salt", text(user, "salt")?)?,
        separator: decode("base64_salt_separator", &project.salt_separator)?,
        signer: decode("base64_signer_key", &project.signer_key)?,
        hash: decode("passwordHash", text(user, "passwordHash")?)?,
    };
    Ok(Phc::of_scheme(&Scheme::Firebase(scheme))?)
}

fn inner(value: &Value, name: &'static str) -> Result<Value, ImportError> {
    let error = || ImportError::Field(name);
    match value.get(name).ok_or_else(error)? {
        Value::String(text) => serde_json::from_str(text).map_err(|_| error()),
        value => Ok(value.clone()),
    }
}

fn text<'a>(value: &'a Value, name: &'static str) -> Result<&'a str, ImportError> {
    value.get(name).and_then(Value::as_str).ok_or(ImportError::Field(name))
}

fn decoded(value: &Value, name: &'static str) -> Result<Vec<u8>, ImportError> {
    web_safe(text(value, name)?).ok_or(ImportError::Field(name))
}

/// Base64 of either alphabet: Firebase's console writes one, its command line the other.
fn web_safe(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace('-', "+").replace('_', "/")).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of_keycloak(algorithm: &str, iterations: u64, value: &str, salt: &str, more: &Value) -> Value {
        let secret = json!({"value": value, "salt": salt, "additionalParameters": {}});
        let data =
            json!({"hashIterations": iterations, "algorithm": algorithm, "additionalParameters": more});
        json!({"type": "password", "secretData": secret.to_string(), "credentialData": data.to_string()})
    }

    #[test]
    fn keycloak_s_hashes_are_taken_old_and_new() {
        let salt = "MDEyMzQ1Njc4OWFiY2RlZg==";
        for (algorithm, value) in [
            (
                "pbkdf2",
                "aUfE2vx5Q7zgbb0jx49AaNpXUQQVW6pePKN5ab37G40CjX2bMTkDcCwFngZ2OyqCChhH4ZgScMIsuF9Oq2gqbw==",
            ),
            (
                "pbkdf2-sha256",
                "cBg8D2DungRB9k76szThf5ehfyBz991ay6PT8Srwk4NQEC0GVAwWLSUGWbcye1xU+dO7fZFld1DsscNlAN1uxw==",
            ),
            (
                "pbkdf2-sha512",
                "OM0FAoIqCVK1sWtxDiffVlBejtLa+ks4TP71JiecwuSZCG8iLbnlIEPOMoVX+i2B2wkSxjQ8CRGR9OkNGuIPMQ==",
            ),
        ] {
            let phc = keycloak(&of_keycloak(algorithm, 1000, value, salt, &json!({}))).unwrap();
            assert!(phc.verify(b"correct horse") && !phc.verify(b"correct house"), "{algorithm}");
        }
        let more = json!({"hashLength": ["32"], "memory": ["256"], "type": ["id"], "version": ["1.3"],
                          "parallelism": ["1"]});
        let value = "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4=";
        let phc = keycloak(&of_keycloak("argon2", 2, value, "c29tZXNhbHQ=", &more)).unwrap();
        assert!(phc.verify(b"password"));
        assert!(phc.as_str().starts_with("$argon2id$v=19$m=256,t=2,p=1$"));
    }

    #[test]
    fn auth0_s_hashes_are_taken_as_exported_and_as_imported() {
        let bcrypt = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        assert!(auth0(&json!({"passwordHash": bcrypt})).unwrap().verify(b"U*U"));
        let custom = |algorithm, hash: Value| {
            json!({"custom_password_hash":
            {"algorithm": algorithm, "hash": hash, "salt": {"value": "SodiumChloride", "encoding": "utf8"}}})
        };
        assert!(auth0(&custom("bcrypt", json!({"value": bcrypt}))).unwrap().verify(b"U*U"));
        let scrypt = json!({"encoding": "hex", "keylen": 64, "cost": 16384, "blockSize": 8, "parallelization": 1,
            "value": "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"});
        assert!(auth0(&custom("scrypt", scrypt)).unwrap().verify(b"pleaseletmein"));
        assert_eq!(auth0(&custom("md5", json!({"value": "00"}))), Err(ImportError::Algorithm));
    }

    /// The example of Firebase's own scrypt.
    #[test]
    fn firebase_s_hashes_are_taken_with_their_project_s_key() {
        let project = FirebaseKey {
            signer_key:
                "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
                    .into(),
            salt_separator: "Bw==".into(),
            rounds: 8,
            mem_cost: 14,
        };
        let user = json!({"salt": "42xEC+ixf3L2lw==", "passwordHash":
            "lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ=="});
        let phc = firebase(&user, &project).unwrap();
        assert!(phc.verify(b"user1password") && !phc.verify(b"user2password"));
        assert_eq!(Phc::parse(phc.as_str()).unwrap(), phc);
        let greedy = FirebaseKey { mem_cost: 40, ..project };
        assert_eq!(firebase(&user, &greedy), Err(ImportError::Hash(PhcError::Cost)));
    }

    #[test]
    fn what_is_missing_in_an_export_is_named() {
        assert_eq!(keycloak(&json!({})), Err(ImportError::Field("secretData")));
        assert_eq!(auth0(&json!({})), Err(ImportError::Field("passwordHash")));
        let credential = of_keycloak("scrypt", 1, "AA==", "AA==", &json!({}));
        assert_eq!(keycloak(&credential), Err(ImportError::Algorithm));
        let credential = of_keycloak("pbkdf2", u64::MAX, "AA==", "AA==", &json!({}));
        assert_eq!(keycloak(&credential), Err(ImportError::Hash(PhcError::Cost)));
    }
}
