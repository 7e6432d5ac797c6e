//! What does an encrypted payload say?

use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use primitives::ErrorKind;

/// Why a payload cannot be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// It is not two parts in Base64 with a point between them, the first of 16 bytes.
    #[error("an encrypted payload is `IV.TEXT`, both in Base64, the first of 16 bytes")]
    Form,
    /// The key is not 16 or 32 bytes in Base64.
    #[error("a key is 16 or 32 bytes in Base64")]
    Key,
    /// The key does not fit the payload.
    #[error("the payload cannot be opened with this key")]
    Closed,
}

impl DecryptError {
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// Opens a payload: AES in the mode CBC, `IV.TEXT` in Base64.
///
/// That it can be opened does not say that nobody changed it: this mode has no seal.
///
/// # Errors
/// Where it is no such payload, or the key is another one.
pub fn decrypt(encrypted: &str, key: &str) -> Result<String, DecryptError> {
    let (iv, text) = encrypted.split_once('.').ok_or(DecryptError::Form)?;
    let form = |text: &str| STANDARD.decode(text).map_err(|_| DecryptError::Form);
    let (iv, text) = (form(iv)?, form(text)?);
    let iv = iv.as_slice().try_into().map_err(|_| DecryptError::Form)?;
    let key = STANDARD.decode(key).map_err(|_| DecryptError::Key)?;
    let opened = if let Ok(key) = key.as_slice().try_into() {
        cbc::Decryptor::<aes::Aes128>::new(key, iv).decrypt_padded_vec::<Pkcs7>(&text)
    } else if let Ok(key) = key.as_slice().try_into() {
        cbc::Decryptor::<aes::Aes256>::new(key, iv).decrypt_padded_vec::<Pkcs7>(&text)
    } else {
        return Err(DecryptError::Key);
    };
    String::from_utf8(opened.map_err(|_| DecryptError::Closed)?).map_err(|_| DecryptError::Closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of NIST SP 800-38A, F.2.
    const KEY: &str = "K34VFiiu0qar9xWICc9PPA==";
    const KEY_256: &str = "YD3rEBXKcb4rc67whX13gR81LAc7YQjXLZgQowkU3/Q=";
    const IV: &str = "AAECAwQFBgcICQoLDA0ODw==";

    #[test]
    fn opens_what_openssl_closed() {
        // openssl 3, `enc -aes-128-cbc` and `enc -aes-256-cbc`.
        for (key, text) in [(KEY, "9KfR/vqUdcqDhLHF09JOqA=="), (KEY_256, "lu52KKR3dTNPiWZj2D+emA==")] {
            assert_eq!(decrypt(&format!("{IV}.{text}"), key).as_deref(), Ok("hello, world"));
        }
        assert_eq!(
            decrypt(&format!("{IV}.9KfR/vqUdcqDhLHF09JOqA=="), "AAECAwQFBgcICQoLDA0ODw=="),
            Err(DecryptError::Closed)
        );
    }

    #[test]
    fn what_is_no_payload_says_so() {
        for (encrypted, error) in
            [("", DecryptError::Form), ("a.b", DecryptError::Form), ("AAAA.AAAA", DecryptError::Form)]
        {
            assert_eq!(decrypt(encrypted, KEY), Err(error), "{encrypted}");
        }
        assert_eq!(decrypt(&format!("{IV}.AAAA"), KEY), Err(DecryptError::Closed));
        for key in ["", "AAAA", "not base64"] {
            assert_eq!(decrypt(&format!("{IV}.AAAA"), key), Err(DecryptError::Key), "{key}");
        }
    }
}
