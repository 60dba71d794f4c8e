//! `/openapi.json`.

use std::borrow::Cow;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use axum::extract::State;
use axum::response::Response;
use bkjs_core::auth::body_checksum;
use http::{HeaderMap, HeaderValue, header};

use super::document::{About, Around, document};
use super::endpoint::{Described, Endpoint};
use super::gives::Gives;
use crate::settings::Settings;
use crate::state::Api;
use crate::statics::{Asset, embedded};

const PATH: &str = "/openapi.json";

/// The endpoints of an application, and the document as it was last served.
pub(crate) struct Published {
    pub(crate) endpoints: Vec<Described>,
    made: ArcSwapOption<(Arc<Settings>, Asset)>,
}

impl Published {
    pub(crate) fn new(endpoints: Vec<Described>) -> Self {
        Self { endpoints, made: ArcSwapOption::empty() }
    }

    /// The document as bytes; made again when the parameters have changed, for access depends on them.
    fn asset(&self, api: &Api) -> Asset {
        let settings = api.settings();
        if let Some(made) = self.made.load().as_ref()
            && Arc::ptr_eq(&made.0, &settings)
        {
            return made.1.clone();
        }
        let options = api.options();
        let about = About {
            name: &options.name,
            version: &options.version,
            endpoints: &self.endpoints,
            around: Around { schema: api.schema(), settings: &settings },
        };
        let data = document(&about).to_string().into_bytes();
        let etag = format!("\"{}\"", body_checksum(&data));
        let asset = Asset { data: Cow::Owned(data), etag, last_modified: None };
        self.made.store(Some(Arc::new((settings, asset.clone()))));
        asset
    }
}

/// The endpoint that gives the document, itself in it.
pub(crate) fn openapi_endpoint() -> Endpoint {
    Endpoint::new(PATH, serve).does("Describes all endpoints: this document.").gives(Gives::any())
}

async fn serve(State(api): State<Api>, headers: HeaderMap) -> Response {
    let asset = api.published().asset(&api);
    let mut response = embedded(PATH, asset, &headers);
    // Asked for again each time, and mostly answered by 304.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
