//! What modules call.

use std::panic::AssertUnwindSafe;

use bkjs_api::{Api, Setup};
use bkjs_core::config::Handle;
use bkjs_core::offload::{Bounds, Offload};
use bkjs_core::task::panic_text;
use bkjs_core::{Error, Result};
use bytes::Bytes;

use crate::{ImageParams, Picture, Shape, pixels};

/// Makes images of uploads. Clones share the pool.
#[derive(Clone, Debug)]
pub struct Images {
    params: Handle<ImageParams>,
    pool: Offload,
}

impl Images {
    /// Registers what images need; every module with images calls it.
    pub fn register(setup: &mut Setup) {
        let params = setup.params::<ImageParams>();
        setup.share(Self { params, pool: Offload::new("images", Bounds::default()) });
    }

    /// The images of an application.
    ///
    /// # Errors
    /// `Internal` when no module has [registered](Self::register) them.
    pub fn of(api: &Api) -> Result<&Self> {
        api.shared::<Self>().ok_or_else(|| Error::internal("images were not registered"))
    }

    /// Makes an image of an upload.
    ///
    /// # Errors
    /// `Invalid` for what is no image, is damaged, or cannot be of that shape; `TooLarge` over the limit of pixels;
    /// `OverCapacity` when too many wait already.
    pub async fn make(&self, upload: Bytes, shape: Shape) -> Result<Picture> {
        let params = self.params.load_full();
        let checked = shape.check()?;
        let format = shape.format()?.unwrap_or(params.ext);
        // Most that is no image is found here, without a thread.
        let source = crate::Format::of_bytes(&upload)?;
        let work = move || {
            let made = || pixels::make(source, &upload, &shape, checked, format, params.max_pixels);
            std::panic::catch_unwind(AssertUnwindSafe(made)).unwrap_or_else(|panic| {
                let error = panic_text(panic.as_ref());
                tracing::warn!(error, ?source, bytes = upload.len(), "a decoder panicked");
                Err(pixels::damaged())
            })
        };
        self.pool.run(work).await
    }
}
