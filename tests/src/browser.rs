//! A browser without a window, as a person would use it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fantoccini::elements::Element;
use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::wait::until;

/// Longer than a page takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(40);

/// A browser of its own, with nothing stored. [`close`](Self::close) ends it.
#[derive(Debug)]
pub struct Browser {
    client: Client,
    origin: String,
}

impl Browser {
    /// Opens one for the site on a port of the loopback; none without `BKJS_TEST_WEBDRIVER_URL`, the address of a
    /// server that starts browsers.
    ///
    /// # Errors
    /// When the browser does not start.
    pub async fn open(port: u16, arguments: &[&str]) -> Result<Option<Self>> {
        let Ok(driver) = std::env::var("BKJS_TEST_WEBDRIVER_URL") else { return Ok(None) };
        // No sandbox, no shared memory: as root and in a container there are none.
        let usual = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1280,900"];
        let arguments: Vec<&str> = usual.iter().chain(arguments).copied().collect();
        let wanted = json!({ "goog:chromeOptions": { "args": arguments } });
        let wanted: Capabilities = serde_json::from_value(wanted)?;
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&driver).await?;
        Ok(Some(Self { client, origin: format!("http://localhost:{port}") }))
    }

    /// Goes to a page.
    ///
    /// # Errors
    /// When the browser does not answer.
    pub async fn visit(&self, path: &str) -> Result<()> {
        Ok(self.client.goto(&format!("{}{path}", self.origin)).await?)
    }

    /// The element that a selector finds first, when there is one that can be seen.
    ///
    /// # Errors
    /// When there is none within 40 seconds.
    pub async fn see(&self, css: &str) -> Result<Element> {
        let found = until(LIMIT, css, || async {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.is_displayed().await.ok()?.then_some(element)
        });
        found.await.with_context(|| format!("nothing to see for {css}"))
    }

    /// Waits until an element says a text.
    ///
    /// # Errors
    /// When it does not within 40 seconds; what it says instead is told.
    pub async fn see_text(&self, css: &str, text: &str) -> Result<()> {
        let said = until(LIMIT, text, || async {
            let element = self.client.find(Locator::Css(css)).await.ok()?;
            element.text().await.ok()?.contains(text).then_some(())
        });
        if said.await.is_err() {
            bail!("{css} says {:?}, not {text:?}", self.see(css).await?.text().await?);
        }
        Ok(())
    }

    /// Clicks an element.
    ///
    /// # Errors
    /// When it is not there to be clicked.
    pub async fn click(&self, css: &str) -> Result<()> {
        Ok(self.see(css).await?.click().await?)
    }

    /// Writes into a field, in place of what it holds.
    ///
    /// # Errors
    /// When it is not there to be written into.
    pub async fn write(&self, css: &str, text: &str) -> Result<()> {
        let field = self.see(css).await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Chooses a file for a field.
    ///
    /// # Errors
    /// When there is no such field.
    pub async fn choose(&self, css: &str, file: &Path) -> Result<()> {
        Ok(self.see(css).await?.send_keys(file.to_str().context("a path in UTF-8")?).await?)
    }

    /// What an asynchronous function of the page answers, by its body.
    ///
    /// # Errors
    /// When it throws.
    pub async fn ask(&self, body: &str) -> Result<Value> {
        let script = format!(
            "const done = arguments[0]; (async () => {{ {body} }})().then((is) => done({{ is }}), \
             (error) => done({{ error: String(error) }}));"
        );
        let mut answer = self.client.execute_async(&script, Vec::new()).await?;
        if let Some(error) = answer.get("error") {
            bail!("{body}: {error}");
        }
        Ok(answer["is"].take())
    }

    /// Keeps what is shown as a picture in `target/screenshots`, for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn keep(&self, name: &str) -> Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        std::fs::create_dir_all(&folder)?;
        Ok(std::fs::write(folder.join(name).with_extension("png"), self.client.screenshot().await?)?)
    }

    /// Ends the browser.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }
}
