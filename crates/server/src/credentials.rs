//! Which key does a request give, by every way in which clients send one?

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// The key in a request's headers: `Authorization: Bearer KEY`, `Authorization: Basic` with the key as user name (the
/// colon may be missing), `AWS4-HMAC-SHA256` with the key as access key, `X-API-Key: KEY`, or `Ocp-Apim-Subscription-Key: KEY`.
pub(crate) fn key_in(headers: &HeaderMap) -> Option<String> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if let Some(authorization) = text(header::AUTHORIZATION) {
        let (scheme, credentials) = authorization.split_once(' ')?;
        return match scheme.to_ascii_lowercase().as_str() {
            "bearer" => Some(credentials.trim().to_owned()),
            "basic" => basic_user(credentials.trim()),
            // Amazon's clients name their access key and sign with a secret: the access key is our key.
            "aws4-hmac-sha256" => access_key(credentials),
            _ => None,
        };
    }
    let named = ["x-api-key", "ocp-apim-subscription-key"].map(header::HeaderName::from_static);
    named.into_iter().find_map(text).map(str::to_owned)
}

/// Whether the key came in the form that a browser, once given it with an address, sends by itself from then on.
pub(crate) fn is_basic(headers: &HeaderMap) -> bool {
    let scheme = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    scheme.is_some_and(|scheme| scheme.trim().to_ascii_lowercase().starts_with("basic"))
}

/// Whether a key is a JSON Web Token. It is never ours: it is meant for somebody on the way.
pub(crate) fn is_for_others(key: &str) -> bool {
    key.starts_with("eyJ")
}

/// The access key in `Credential=KEY/20261129/eu-central-1/personalize/aws4_request, SignedHeaders=…, Signature=…`.
fn access_key(credentials: &str) -> Option<String> {
    let scope = credentials.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
    scope.rsplitn(5, '/').nth(4).map(str::to_owned)
}

fn basic_user(credentials: &str) -> Option<String> {
    let decoded = STANDARD.decode(credentials).or_else(|_| STANDARD_NO_PAD.decode(credentials)).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    Some(text.split(':').next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_key_is_found_however_it_is_sent() {
        let basic = |text: &str| format!("Basic {}", STANDARD.encode(text));
        for (name, value, expected) in [
            ("authorization", "Bearer secret".to_owned(), Some("secret")),
            ("authorization", "bearer  secret".to_owned(), Some("secret")),
            ("authorization", basic("secret:"), Some("secret")),
            ("authorization", basic("secret"), Some("secret")),
            ("authorization", basic("secret:password"), Some("secret")),
            ("authorization", basic("secret:").replace('=', ""), Some("secret")),
            ("x-api-key", "secret".to_owned(), Some("secret")),
            ("ocp-apim-subscription-key", "secret".to_owned(), Some("secret")),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=se/cret/20261129/eu-central-1/personalize/aws4_request, SignedHeaders=host, \
                 Signature=00ff"
                    .to_owned(),
                Some("se/cret"),
            ),
            ("authorization", "AWS4-HMAC-SHA256 SignedHeaders=host,Credential=secret/1/2/3/4".to_owned(), Some("secret")),
            ("authorization", "AWS4-HMAC-SHA256 Credential=secret/1/2/3".to_owned(), None),
            ("authorization", "AWS4-HMAC-SHA256 Signature=secret".to_owned(), None),
            ("authorization", "Digest x".to_owned(), None),
            ("authorization", "secret".to_owned(), None),
            ("authorization", "Basic ???".to_owned(), None),
            ("cookie", "secret".to_owned(), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap());
            assert_eq!(key_in(&headers).as_deref(), expected, "{name}: {value}");
        }
    }
}
