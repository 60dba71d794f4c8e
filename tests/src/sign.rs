//! Request signatures of version 4, written from their documentation and not with the library: a second opinion.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::{Digest as _, Sha1};
use sha2::Sha256;

/// The parts of a request that a signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// The method in capitals.
    pub method: &'a str,
    /// The host without port.
    pub host: &'a str,
    /// The path, without the query.
    pub path: &'a str,
    /// The query as sent, or the form that takes its place.
    pub query: &'a str,
    /// The content type, empty without a body.
    pub content_type: &'a str,
    /// See [`checksum`]; empty for forms and requests without a body.
    pub checksum: &'a str,
    /// When the signature expires, in milliseconds since 1970.
    pub expires: u64,
}

impl Signed<'_> {
    /// The value of the header `bk-signature`.
    pub fn header(&self, login: &str, secret: &str) -> String {
        let mut pairs: Vec<&str> = self.query.split('&').filter(|pair| !pair.is_empty()).collect();
        pairs.sort_unstable();
        let text = format!(
            "4\n\n{login}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n",
            self.method,
            self.host.to_lowercase(),
            self.path,
            pairs.join("&"),
            self.expires,
            self.content_type.to_lowercase(),
            self.checksum,
        );
        // A key of any length is taken, so this is never the other branch.
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map(|mac| mac.chain_update(text));
        let mac = mac.map(|mac| BASE64_STANDARD.encode(mac.finalize().into_bytes())).unwrap_or_default();
        format!("4||{login}|{mac}|{}|{}|", self.expires, self.checksum)
    }
}

/// The checksum of a body, as signatures carry it.
pub fn checksum(body: &[u8]) -> String {
    BASE64_STANDARD.encode(Sha1::digest(body))
}

#[cfg(test)]
mod tests {
    use super::Signed;

    #[test]
    fn a_known_answer_is_reached() {
        let signed = Signed {
            method: "GET",
            host: "LocalHost",
            path: "/account/get",
            query: "",
            content_type: "",
            checksum: "",
            expires: 1_500_000_030_000,
        };
        let expected = "4||test1|JOVQwpGteB0uIDQ4Qd1/Jp4WgjASfKtGvxQCQ0cxwEU=|1500000030000||";
        assert_eq!(signed.header("test1", "sec1"), expected);
    }
}
