//! What tells every process of a machine that a kept row is out of date.
//!
//! Each key of a table has a place that holds a stamp: a number that a write replaces by another, unlike any before.
//! A row is kept with the stamp that was there before it was read, and is good while that stamp is still there.
//! Comparing is all that a reader does, so a row that began to be read before a write is never returned to a call
//! that begins after it, however late the read ends and whoever keeps it.
//!
//! The places are in a file of the home that all its processes use, also those that no server has started. It is
//! read and written eight bytes at a time, which never leaves the memory of the operating system: a write is seen by
//! every process at once, no message can be lost or late, and there is nothing to clean up after one that dies.
//! Its folder has to be on a local disk, as that of an embedded database has to.
//!
//! Many keys share a place. That a write makes an unrelated row be read again is the price of a file that never
//! grows.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::shared::Lease;

/// Tables share so many regions.
const REGIONS: u64 = 256;
/// Keys of a table share so many places of its region.
const PLACES: u64 = 4096;
/// Bytes of a stamp.
const WIDTH: u64 = 8;

/// The stamps that processes on one home share.
#[derive(Debug)]
pub struct Stamps {
    kept: Kept,
    /// A write could not be told: this process believes no stamp any more.
    failed: AtomicBool,
}

#[derive(Debug)]
enum Kept {
    Memory(Mutex<HashMap<Place, u64>>),
    File(File),
}

/// The places of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region(u64);

/// The place of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Place(u64);

/// What stands at a place; never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stamp(u64);

impl Stamps {
    /// Stamps for those in this process who are given the same value.
    pub fn in_memory() -> Self {
        Self::of(Kept::Memory(Mutex::default()))
    }

    /// The stamps in a file, which is made when it is missing. Only its owner and group can use it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o660).open(path)?;
        // As large from the start as it will ever be; what was never written takes no room.
        if file.metadata()?.len() < REGIONS * PLACES * WIDTH {
            file.set_len(REGIONS * PLACES * WIDTH)?;
        }
        Ok(Self::of(Kept::File(file)))
    }

    /// As [`open`](Self::open), when the file is there.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn open_existing(path: &Path) -> io::Result<Option<Self>> {
        if path.try_exists()? { Self::open(path).map(Some) } else { Ok(None) }
    }

    fn of(kept: Kept) -> Self {
        Self { kept, failed: AtomicBool::new(false) }
    }

    /// The stamp at a place; none when it cannot be told, and nothing may be believed to be up to date.
    pub(super) fn read(&self, place: Place) -> Option<Stamp> {
        if self.failed.load(Ordering::Relaxed) {
            return None;
        }
        let number = match &self.kept {
            Kept::Memory(stamps) => lock(stamps).get(&place).copied().unwrap_or_default(),
            Kept::File(file) => {
                let mut bytes = [0; WIDTH as usize];
                file.read_exact_at(&mut bytes, place.0 * WIDTH).ok()?;
                u64::from_ne_bytes(bytes)
            }
        };
        // Zero was never written; a file that was emptied by force must not bring an old stamp back.
        if number == 0 { self.renew_at(place) } else { Some(Stamp(number)) }
    }

    /// Puts new stamps at the places of these keys, or of all.
    pub(super) fn renew(&self, region: Region, keys: Option<&[String]>) {
        let Some(keys) = keys else { return self.renew_all(region) };
        for key in keys {
            self.renew_at(region.place(key));
        }
    }

    fn renew_at(&self, place: Place) -> Option<Stamp> {
        let number = unlike_any();
        match &self.kept {
            Kept::Memory(stamps) => drop(lock(stamps).insert(place, number)),
            Kept::File(file) => self.told(file.write_all_at(&number.to_ne_bytes(), place.0 * WIDTH))?,
        }
        Some(Stamp(number))
    }

    fn renew_all(&self, region: Region) {
        let (first, number) = (region.0 * PLACES, unlike_any());
        match &self.kept {
            Kept::Memory(stamps) => {
                // The next look makes a new one.
                lock(stamps).retain(|place, _| !(first..first + PLACES).contains(&place.0));
            }
            Kept::File(file) => {
                let _ = self
                    .told(file.write_all_at(&number.to_ne_bytes().repeat(PLACES as usize), first * WIDTH));
            }
        }
    }

    fn told(&self, written: io::Result<()>) -> Option<()> {
        match written {
            Ok(()) => Some(()),
            Err(error) => {
                if !self.failed.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "other processes cannot be told of writes: rows they keep may be out of date until their time is over");
                }
                None
            }
        }
    }
}

impl Stamp {
    /// What stands for the permission that another cache has given.
    pub(super) fn of(lease: Lease) -> Self {
        Self(lease.0)
    }

    pub(super) fn to_bytes(self) -> [u8; 8] {
        self.0.to_ne_bytes()
    }
}

impl Region {
    pub(super) fn of(table: &str) -> Self {
        Self(hash(table) % REGIONS)
    }

    pub(super) fn place(self, key: &str) -> Place {
        Place(self.0 * PLACES + hash(key) % PLACES)
    }
}

fn lock(stamps: &Mutex<HashMap<Place, u64>>) -> MutexGuard<'_, HashMap<Place, u64>> {
    stamps.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that was most probably never at any place: 64 random bits, never zero.
fn unlike_any() -> u64 {
    rand::random::<u64>().max(1)
}

/// FNV-1a, folded: the same in every version of the program, since processes of two versions may share a file.
fn hash(text: &str) -> u64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What two processes see.
    fn two(folder: &Path) -> [Stamps; 2] {
        let path = folder.join("stamps");
        [Stamps::open(&path).expect("opens"), Stamps::open(&path).expect("opens")]
    }

    #[test]
    fn a_renewal_is_seen_by_every_process_and_at_its_place_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let [a, b] = two(folder.path());
        let (one, other) = (Region::of("t").place("1"), Region::of("t").place("2"));
        assert_ne!(one, other);
        let before = (a.read(one), a.read(other));
        assert!(before.0.is_some() && before == (b.read(one), b.read(other)));
        b.renew(Region::of("t"), Some(&["1".into()]));
        assert_ne!(a.read(one), before.0);
        assert_eq!((a.read(one), a.read(other)), (b.read(one), before.1));
    }

    #[test]
    fn all_places_of_a_region_are_renewed_and_none_of_another() {
        let folder = tempfile::tempdir().expect("a folder");
        let memory = Stamps::in_memory();
        let [a, b] = two(folder.path());
        for (a, b) in [(&a, &b), (&memory, &memory)] {
            let (region, other) = (Region::of("t"), Region::of("u"));
            assert_ne!(region, other);
            let keys: Vec<String> = (0..100).map(|n| n.to_string()).collect();
            let all = |stamps: &Stamps, region: Region| -> Vec<_> {
                keys.iter().map(|key| stamps.read(region.place(key))).collect()
            };
            let (before, others) = (all(a, region), all(a, other));
            b.renew_all(region);
            assert!(all(a, region).iter().zip(&before).all(|(now, before)| now.is_some() && now != before));
            assert_eq!(all(a, other), others);
        }
    }

    #[test]
    fn a_file_that_was_emptied_brings_no_stamp_back_and_a_lost_one_says_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let [a, b] = two(folder.path());
        let place = Region::of("t").place("1");
        let before = a.read(place);
        let file = OpenOptions::new().write(true).open(folder.path().join("stamps")).expect("opens");
        file.set_len(0).expect("is cut");
        assert_eq!(b.read(place), None);
        file.set_len(REGIONS * PLACES * WIDTH).expect("grows");
        let after = b.read(place);
        assert!(after.is_some() && after != before && after == a.read(place));
    }

    #[test]
    fn a_process_that_cannot_write_believes_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stamps");
        Stamps::open(&path).expect("opens").renew_all(Region::of("t"));
        let place = Region::of("t").place("1");
        let reader = Stamps::of(Kept::File(File::open(&path).expect("opens for reading")));
        assert!(reader.read(place).is_some());
        reader.renew(Region::of("t"), Some(&["1".into()]));
        assert_eq!(reader.read(place), None);
    }

    #[test]
    fn the_file_is_for_its_owner_and_group_and_is_not_made_by_looking() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stamps");
        assert!(Stamps::open_existing(&path).expect("looks").is_none());
        Stamps::open(&path).expect("opens");
        assert!(Stamps::open_existing(&path).expect("looks").is_some());
        assert_eq!(path.metadata().expect("is there").permissions().mode() & 0o007, 0);
    }

    #[test]
    fn places_are_those_of_every_version() {
        assert_eq!(Region::of("bk_user").place("alice"), Place(877500));
    }
}
