//! The side of the framework.

use anyhow::{Result, ensure};
use bkjs_api::Setup;
use bkjs_api::testing::{SECRET, TestServer};
use bkjs_icons::IconsModule;
use bkjs_images::{Format, Images, Shape};
use bkjs_tests::Call;
use bytes::Bytes;

use crate::Case;
use crate::photo::photo;

pub(crate) struct Ours {
    server: TestServer,
    large: Bytes,
    small: Bytes,
}

impl Ours {
    pub(crate) async fn start() -> Result<Self> {
        let mut setup = Setup::new();
        setup.module(&IconsModule);
        let server = TestServer::start(setup, &["-api-no-access-log"]).await;
        server.people(["ann"]).await;
        let ours = Self { server, large: photo(2725, 2225)?, small: photo(400, 400)? };
        ours.run(Case::Put).await?;
        Ok(ours)
    }

    pub(crate) async fn run(&self, case: Case) -> Result<()> {
        let call = match case {
            Case::Make => {
                let images = Images::of(&self.server.api)?;
                let picture = images.make(self.large.clone(), Shape::at_most(720, 588, Format::Jpeg)).await?;
                ensure!((picture.width, picture.height) == (720, 588), "another size");
                return Ok(());
            }
            Case::Put => Call::post("/icon/put?prefix=a&_width=128").body("image/jpeg", self.small.clone()),
            Case::Get => Call::get("/icon/get?prefix=a"),
        };
        let reply = call.sign("ann", SECRET).send(self.server.address.port()).await?;
        ensure!(reply.status == 200, "{}", reply.text());
        Ok(())
    }
}
