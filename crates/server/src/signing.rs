//! Where may customers be told of, and how does a webhook know that it is told by this program? A signature as Standard Webhooks
//! has it.
//!
//! `webhook-signature: v1,…` is the HMAC-SHA256 of `webhook-id`, `webhook-timestamp` and the body with dots between, by the
//! secret after `whsec_`, all in base64 (<https://www.standardwebhooks.com>).

use crate::error::ServerError;
use crate::keys::random_bytes;
use crate::settings::WebhookSettings;
use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use decisions::Webhook;
use primitives::ErrorKind;
use sha2::{Digest, Sha256};
use std::net::IpAddr;

/// What stands before a secret.
const SECRET: &str = "whsec_";

/// The webhook to be kept, and its secret where it has another address. One in the place of another goes on where that one
/// stopped; the first is not told what happened to the list before, up to its `newest` change.
///
/// # Errors
/// Where the address may not be told of customers, and as [`new_secret`].
pub(crate) fn webhook(
    wanted: Option<String>,
    had: Option<Webhook>,
    newest: u64,
    settings: &WebhookSettings,
) -> Result<(Option<Webhook>, Option<String>), ServerError> {
    let Some(url) = wanted else { return Ok((None, None)) };
    let after = had.as_ref().map_or(newest, |had| had.after);
    if let Some(had) = had.filter(|had| had.url == url) {
        return Ok((Some(had), None));
    }
    let webhook = Webhook { url, secret: new_secret()?, after };
    webhook
        .check()
        .and_then(|()| may_be_told(&webhook.url, settings))
        .map_err(|why| ServerError::new(ErrorKind::Invalid, why))?;
    let secret = webhook.secret.clone();
    Ok((Some(webhook), Some(secret)))
}

/// Whether customers may be told of at an address.
///
/// # Errors
/// Why not, for people: it would be said over plain HTTP to another machine.
pub(crate) fn may_be_told(url: &str, settings: &WebhookSettings) -> Result<(), String> {
    let address = url.parse::<Uri>().map_err(|error| format!("webhook is no address: {error}"))?;
    let host = address.host().unwrap_or_default().trim_matches(['[', ']']);
    let is_here = host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if settings.plain_http || is_here || address.scheme_str() == Some("https") {
        return Ok(());
    }
    Err(format!(
        "webhook is plain HTTP to another machine ({host}), where others may read who is on the list: give an address with \
         https://, or say webhooks.plain_http = true in the settings where nobody listens on the way"
    ))
}

/// A secret that nobody can guess.
///
/// # Errors
/// [`ServerError`] where the operating system gives no randomness.
fn new_secret() -> Result<String, ServerError> {
    Ok(format!("{SECRET}{}", STANDARD.encode(random_bytes()?)))
}

/// The signature of a message.
///
/// # Errors
/// Why there is none: the secret is not one that was made here.
pub(crate) fn sign(secret: &str, id: &str, sent_at: &str, body: &str) -> Result<String, String> {
    let key = secret.strip_prefix(SECRET).and_then(|text| STANDARD.decode(text).ok());
    let key = key.ok_or("its secret is damaged: give the list another webhook address, which makes a new one")?;
    Ok(format!("v1,{}", STANDARD.encode(hmac_sha256(&key, format!("{id}.{sent_at}.{body}").as_bytes()))))
}

/// RFC 2104 with SHA-256.
fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    const BLOCK: usize = 64;
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let padded = |with: u8| block.map(|byte| byte ^ with);
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231, test cases 1, 2 and 6.
    #[test]
    fn it_signs_as_the_standard_says() {
        for (key, message, mac) in [
            (&[0x0b; 20][..], &b"Hi There"[..], "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&hmac_sha256(key, message)), mac);
        }
    }

    /// The example of the Standard Webhooks libraries.
    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        let signed = sign(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            "{\"test\": 2432232314}",
        );
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(sign("secret", "a", "1", "").unwrap_err().contains("damaged"));
        let (one, other) = (new_secret().unwrap(), new_secret().unwrap());
        assert!(one != other && sign(&one, "a", "1", "").is_ok());
    }

    #[test]
    fn plain_http_is_for_this_machine_or_where_an_operator_says_so() {
        let plain = |plain_http| WebhookSettings { plain_http };
        for (url, is_allowed) in [
            ("https://example.org/hook", true),
            ("http://127.0.0.1:8080/hook", true),
            ("http://127.9.9.9/", true),
            ("http://[::1]:8080/", true),
            ("http://LocalHost/", true),
            ("http://10.1.2.3/x", false),
            ("http://example.org/", false),
            ("http://[2001:db8::1]/", false),
            ("http://127.0.0.1@example.org/", false),
            ("http://localhost.example.org/", false),
            ("http://127.0.0.1.example.org/", false),
        ] {
            let said = may_be_told(url, &plain(false));
            assert_eq!(said.is_ok(), is_allowed, "{url}: {said:?}");
            assert!(said.err().is_none_or(|why| why.contains("webhooks.plain_http = true")));
            assert_eq!(may_be_told(url, &plain(true)), Ok(()), "{url}");
        }
        assert!(may_be_told("http://", &plain(true)).is_err());
    }
}
