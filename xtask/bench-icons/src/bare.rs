//! The bare side: axum, the codecs and SQLite, without accounts, checks of who may what, and bounds.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bkjs_tests::Call;
use bytes::Bytes;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, Resizer};
use rusqlite::Connection;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::Case;
use crate::photo::photo;

pub(crate) struct Bare {
    port: u16,
    large: Bytes,
    small: Bytes,
    _home: TempDir,
}

struct Site {
    folder: PathBuf,
    db: Mutex<Connection>,
    next: AtomicU64,
}

impl Bare {
    pub(crate) async fn start() -> Result<Self> {
        let home = tempfile::tempdir()?;
        let db = Connection::open(home.path().join("bare.db"))?;
        db.pragma_update(None, "journal_mode", "wal")?;
        db.pragma_update(None, "synchronous", "normal")?;
        db.execute("create table icon (id text primary key, path text)", [])?;
        let site = Site { folder: home.path().to_owned(), db: Mutex::new(db), next: AtomicU64::new(0) };
        let routes =
            Router::new().route("/put", post(put)).route("/get", get(fetch)).with_state(Arc::new(site));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port();
        bkjs_core::task::spawn("bare program", async move { axum::serve(listener, routes).await });
        let bare = Self { port, large: photo(2725, 2225)?, small: photo(400, 400)?, _home: home };
        bare.run(Case::Put).await?;
        Ok(bare)
    }

    pub(crate) async fn run(&self, case: Case) -> Result<()> {
        let call = match case {
            Case::Make => {
                let large = self.large.clone();
                tokio::task::spawn_blocking(move || resized(&large, 720, 588)).await??;
                return Ok(());
            }
            Case::Put => Call::post("/put").body("image/jpeg", self.small.clone()),
            Case::Get => Call::get("/get"),
        };
        let reply = call.send(self.port).await?;
        ensure!(reply.status == 200, "{}", reply.text());
        Ok(())
    }
}

fn resized(bytes: &[u8], width: u32, height: u32) -> Result<Vec<u8>> {
    let image = image::load_from_memory(bytes)?.into_rgb8();
    let source = ImageRef::new(image.width(), image.height(), &image, PixelType::U8x3)?;
    let mut target = Image::new(width, height, PixelType::U8x3);
    Resizer::new().resize(&source, &mut target, None)?;
    let mut bytes = Vec::new();
    let (width, height) = (u16::try_from(width)?, u16::try_from(height)?);
    jpeg_encoder::Encoder::new(&mut bytes, 85).encode(
        target.buffer(),
        width,
        height,
        jpeg_encoder::ColorType::Rgb,
    )?;
    Ok(bytes)
}

async fn put(State(site): State<Arc<Site>>, body: Bytes) -> Response {
    let work = move || -> Result<()> {
        let image = resized(&body, 128, 128)?;
        let number = site.next.fetch_add(1, Ordering::Relaxed);
        let (draft, path) =
            (site.folder.join(format!("{number}.draft")), site.folder.join(format!("{number}.jpg")));
        let mut file = File::create(&draft)?;
        file.write_all(&image)?;
        file.sync_all()?;
        std::fs::rename(draft, &path)?;
        File::open(&site.folder)?.sync_all()?;
        let db = site.db.lock().unwrap_or_else(PoisonError::into_inner);
        let old: Option<String> =
            db.query_row("select path from icon where id = 'ann'", [], |row| row.get(0)).ok();
        let path = path.to_string_lossy().into_owned();
        db.execute("insert or replace into icon values ('ann', ?)", [path])?;
        drop(db);
        if let Some(old) = old {
            // Somebody else may have replaced it at the same time.
            let _ = std::fs::remove_file(old);
        }
        Ok(())
    };
    answer(
        tokio::task::spawn_blocking(work)
            .await
            .map_err(Into::into)
            .and_then(|done| done)
            .map(|()| "{}".into()),
        "application/json",
    )
}

async fn fetch(State(site): State<Arc<Site>>) -> Response {
    let work = move || -> Result<Vec<u8>> {
        let db = site.db.lock().unwrap_or_else(PoisonError::into_inner);
        let path: String = db.query_row("select path from icon where id = 'ann'", [], |row| row.get(0))?;
        Ok(std::fs::read(path)?)
    };
    answer(tokio::task::spawn_blocking(work).await.map_err(Into::into).and_then(|done| done), "image/jpeg")
}

fn answer(done: Result<Vec<u8>>, kind: &'static str) -> Response {
    match done {
        Ok(body) => ([(header::CONTENT_TYPE, kind)], body).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
