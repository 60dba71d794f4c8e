//! Multipart bodies: fields become parameters, files stay beside them.

use bkjs_core::value::{Row, Value};
use bkjs_core::{Error, ErrorKind, Result};
use bytes::Bytes;

use super::{add_value, check_name};

/// The longest value of a field that is no file, in bytes.
const MAX_FIELD: usize = 1 << 20;
/// The most files of one body.
const MAX_FILES: usize = 32;

/// A file of a multipart body.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The name of the form's field.
    pub field: String,
    /// The name of the file on the client's side: never a path to use.
    pub file_name: String,
    /// The type that the client says it has.
    pub content_type: Option<String>,
    /// The bytes.
    pub data: Bytes,
}

/// Takes a multipart body apart; fields are added to `row`. The body is already bounded.
///
/// # Errors
/// `Invalid` for a broken body, names that no column can have, fields that are no UTF-8, too many files;
/// `TooLarge` for a field over 1 MB.
pub(crate) async fn parse_multipart(content_type: &str, body: Bytes, row: &mut Row) -> Result<Vec<Upload>> {
    let boundary = multer::parse_boundary(content_type)
        .map_err(|_| Error::invalid("multipart body without a boundary"))?;
    let stream = futures_util::stream::once(std::future::ready(Ok::<_, std::convert::Infallible>(body)));
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut files = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let field = part.name().unwrap_or_default().to_owned();
        check_name(&field)?;
        let file_name = part.file_name().map(str::to_owned);
        let content_type = part.content_type().map(ToString::to_string);
        let data = part.bytes().await.map_err(broken)?;
        if let Some(file_name) = file_name {
            if files.len() >= MAX_FILES {
                return Err(Error::invalid(format!("too many files, at most {MAX_FILES}")));
            }
            files.push(Upload { field, file_name, content_type, data });
            continue;
        }
        if field.is_empty() {
            continue;
        }
        if data.len() > MAX_FIELD {
            return Err(Error::new(
                ErrorKind::TooLarge,
                format!("{field} is too long, {} > {MAX_FIELD} bytes", data.len()),
            ));
        }
        let text =
            String::from_utf8(data.to_vec()).map_err(|_| Error::invalid(format!("{field}: is not UTF-8")))?;
        add_value(row, &field, Value::Text(text))?;
    }
    Ok(files)
}

fn broken(error: multer::Error) -> Error {
    Error::invalid("broken multipart body").source(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TYPE: &str = "multipart/form-data; boundary=XX";

    fn parse(body: &[u8]) -> Result<(Row, Vec<Upload>)> {
        let mut row = Row::new();
        let body = Bytes::copy_from_slice(body);
        let files = futures_util::FutureExt::now_or_never(parse_multipart(TYPE, body, &mut row))
            .expect("the body is there as a whole")?;
        Ok((row, files))
    }

    #[test]
    fn fields_become_parameters_and_files_stay_beside() {
        let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx y\r\n\
            --XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../a.png\"\r\nContent-Type: image/png\r\n\r\n\x01\x02\r\n--XX--\r\n";
        let (row, files) = parse(body).expect("parses");
        assert_eq!(row, Row::new().with("a", "x y"));
        assert_eq!((files[0].field.as_str(), &files[0].data[..]), ("f", &[1u8, 2][..]));
        assert_eq!(files[0].content_type.as_deref(), Some("image/png"));
    }

    #[test]
    fn a_broken_body_is_refused() {
        assert_eq!(
            parse(b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx").expect_err("cut").status(),
            400
        );
        let bad = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--XX--\r\n";
        assert_eq!(parse(bad).expect_err("no UTF-8").message(), "a: is not UTF-8");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&[b"--XX\r\n", &bytes[..], b"\r\n--XX--\r\n"].concat());
        }
    }
}
