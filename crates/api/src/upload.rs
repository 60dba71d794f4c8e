//! Bytes that a caller sends along with the parameters.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bkjs_core::value::Value;
use bkjs_core::{Error, Result};
use bytes::Bytes;

use crate::context::Context;
use crate::gather::is_raw;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Context {
    /// The bytes that a request brings under a name; none when it brings none. In this order:
    ///
    /// - a file of a multipart body whose field has the name, or the only file;
    /// - base64 text in the parameter of the name, in query, form or JSON, plain or as a `data:` URL;
    /// - a body that is neither a form nor JSON.
    ///
    /// # Errors
    /// `Invalid`, naming the parameter, for what is not base64, and for several files of which none has the name.
    pub fn upload(&self, name: &str) -> Result<Option<Bytes>> {
        // A browser sends a part without name and bytes for a field in which no file was chosen.
        let mut files = self.params.files.iter().filter(|f| !(f.file_name.is_empty() && f.data.is_empty()));
        if let Some(file) = files.clone().find(|file| file.field == name) {
            return Ok(Some(file.data.clone()));
        }
        match (files.next(), files.next()) {
            (Some(only), None) => return Ok(Some(only.data.clone())),
            (Some(_), Some(_)) => {
                return Err(Error::invalid(format!("{name} must be the name of one of the files")));
            }
            (None, _) => {}
        }
        match self.params.get(name) {
            Some(Value::Text(text)) if !text.is_empty() => return decode(name, text).map(Some),
            Some(value) if !value.is_empty() => {
                return Err(Error::invalid(format!("{name} must be base64 text, given once")));
            }
            _ => {}
        }
        let raw = is_raw(self.content_type.as_ref()) && !self.params.body.is_empty();
        Ok(raw.then(|| self.params.body.clone()))
    }
}

/// Decodes base64 as clients write it: of either alphabet, with or without padding, in lines, and with the plus signs
/// that a query has made blanks of.
fn decode(name: &str, text: &str) -> Result<Bytes> {
    let text = match text.strip_prefix("data:") {
        Some(url) => url.split_once("base64,").map_or(url, |(_, data)| data),
        None => text,
    };
    let plain = |byte: u8| match byte {
        b'-' | b' ' => Some(b'+'),
        b'_' => Some(b'/'),
        b'\r' | b'\n' => None,
        byte => Some(byte),
    };
    let text: Vec<u8> = text.bytes().filter_map(plain).collect();
    let bytes = BASE64.decode(text).map_err(|e| Error::invalid(format!("{name} is not base64")).source(e))?;
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_is_taken_as_clients_write_it() {
        let bytes = [0xfb_u8, 0xff, 0xfe, 1];
        for text in
            ["+//+AQ==", "-__-AQ", "+//+AQ", " //+AQ==", "+//+\r\nAQ==", "data:image/png;base64,+//+AQ=="]
        {
            assert_eq!(decode("icon", text).unwrap(), bytes[..], "{text}");
        }
        for text in ["%%", "a", "data:text/plain,hello!", "päd"] {
            assert_eq!(decode("icon", text).unwrap_err().message(), "icon is not base64", "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for engine in [&base64::engine::general_purpose::STANDARD, &base64::engine::general_purpose::URL_SAFE_NO_PAD] {
                prop_assert_eq!(&decode("x", &engine.encode(&bytes)).unwrap()[..], &bytes[..]);
            }
        }
    }
}
