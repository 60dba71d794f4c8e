use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;
use crate::storage::Storage;

fn path(text: &str) -> ObjectPath {
    ObjectPath::parse(text).unwrap()
}

fn storage() -> (TempDir, Storage) {
    let home = tempfile::tempdir().unwrap();
    let storage = Storage::local(home.path().join("root"));
    (home, storage)
}

/// What is under a path.
async fn read(storage: &Storage, text: &str, range: Option<Range<u64>>) -> Option<Vec<u8>> {
    let object = storage.open(&path(text)).await.unwrap()?;
    let range = range.unwrap_or(0..object.stat().len);
    let pieces: Vec<Bytes> = object.read(range).try_collect().await.unwrap();
    Some(pieces.concat())
}

fn drafts(home: &TempDir) -> usize {
    std::fs::read_dir(home.path().join("root/.drafts")).map_or(0, Iterator::count)
}

#[tokio::test]
async fn what_is_put_is_read_back_whole_and_in_part() {
    let (home, storage) = storage();
    assert_eq!(read(&storage, "a/b/c", None).await, None);
    assert!(!storage.del(&path("a/b/c")).await.unwrap());
    let large: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    for content in [&large[..], b"small", b""] {
        let stat = storage.put(&path("a/b/c"), content.to_vec()).await.unwrap();
        assert_eq!(stat.len, content.len() as u64);
        assert_eq!(read(&storage, "a/b/c", None).await.as_deref(), Some(content));
        let part = 1.min(content.len())..content.len().min(70_000);
        let range = part.start as u64..part.end as u64;
        assert_eq!(read(&storage, "a/b/c", Some(range)).await.as_deref(), Some(&content[part]));
    }
    assert!(storage.del(&path("a/b/c")).await.unwrap());
    assert_eq!(read(&storage, "a/b/c", None).await, None);
    assert_eq!(drafts(&home), 0);
}

#[tokio::test]
async fn each_content_has_a_version_and_a_reader_keeps_the_one_it_opened() {
    let (_home, storage) = storage();
    let large = |byte: u8| vec![byte; 200_000];
    let first = storage.put(&path("x"), large(1)).await.unwrap();
    let opened = storage.open(&path("x")).await.unwrap().unwrap();
    assert_eq!(*opened.stat(), first);
    let second = storage.put(&path("x"), large(2)).await.unwrap();
    assert_ne!(first.version, second.version);
    storage.del(&path("x")).await.unwrap();
    let pieces: Vec<Bytes> = opened.read(0..first.len).try_collect().await.unwrap();
    assert_eq!(pieces.concat(), large(1));
}

#[tokio::test]
async fn content_that_breaks_off_changes_nothing_and_leaves_no_draft() {
    let (home, storage) = storage();
    storage.put(&path("x"), "before").await.unwrap();
    let pieces = [Ok(Bytes::from("half")), Ok(Bytes::from("more")), Err(Error::invalid("cut off"))];
    let error = storage.put_stream(&path("x"), Box::pin(stream::iter(pieces))).await.unwrap_err();
    assert_eq!(error.message(), "cut off");
    assert_eq!(read(&storage, "x", None).await.as_deref(), Some(&b"before"[..]));
    assert_eq!(drafts(&home), 0);
}

#[tokio::test]
async fn no_link_leads_out_of_the_root() {
    let (home, storage) = storage();
    storage.put(&path("in/side"), "inside").await.unwrap();
    let outside = home.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("secret"), "secret").unwrap();
    let root = home.path().join("root");
    symlink(&outside, root.join("folder")).unwrap();
    symlink(outside.join("secret"), root.join("in/file")).unwrap();

    for link in ["folder/secret", "in/file"] {
        assert_eq!(read(&storage, link, None).await, None, "{link}");
    }
    assert!(!storage.del(&path("folder/secret")).await.unwrap());
    assert_eq!(storage.put(&path("folder/new"), "x").await.unwrap_err().status(), 503);
    // A link in the place of an object is replaced, and what it led to stays.
    storage.put(&path("in/file"), "mine").await.unwrap();
    assert_eq!(read(&storage, "in/file", None).await.as_deref(), Some(&b"mine"[..]));
    assert_eq!(std::fs::read_to_string(outside.join("secret")).unwrap(), "secret");
    assert_eq!(std::fs::read_dir(&outside).unwrap().count(), 1);
}

#[tokio::test]
async fn a_folder_or_a_pipe_is_no_object() {
    let (home, storage) = storage();
    storage.put(&path("a/b"), "x").await.unwrap();
    assert_eq!(read(&storage, "a", None).await, None);
    assert_eq!(read(&storage, "a/b/c", None).await, None);
    let pipe = home.path().join("root/pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    assert_eq!(read(&storage, "pipe", None).await, None);
}

#[tokio::test]
async fn drafts_of_processes_that_died_are_removed_when_they_are_old() {
    let (home, storage) = storage();
    let drafts_dir = home.path().join("root/.drafts");
    std::fs::create_dir_all(&drafts_dir).unwrap();
    let old = std::fs::File::create(drafts_dir.join("old")).unwrap();
    old.set_modified(SystemTime::now() - std::time::Duration::from_secs(7200)).unwrap();
    std::fs::write(drafts_dir.join("new"), "").unwrap();
    storage.put(&path("x"), "x").await.unwrap();
    assert!(drafts_dir.join("new").exists() && !drafts_dir.join("old").exists());
}
