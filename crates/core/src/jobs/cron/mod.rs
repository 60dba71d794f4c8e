//! Jobs by the clock: the files `etc/crontab` and `etc/crontab.local`, and the parameter `jobs-schedule`.
//!
//! Each is a list of entries: a job as in [`Job`](super::Job), and when it is due.
//!
//! ```json
//! [
//!   {"cron": "0 */10 * * * *", "job": "app.cleanSessions"},
//!   {"cron": "30 4 * * mon", "tz": "Europe/Berlin", "missed": "once", "job": {"app.report": {"days": 7}}}
//! ]
//! ```
//!
//! | name | |
//! | --- | --- |
//! | `cron` | five fields, minutes first, or six, seconds first; names of months and days, ranges, steps, lists, `L`, `W`, `#`, `@hourly` and its kin |
//! | `tz` | the time zone, as `Europe/Berlin`; by default the system's |
//! | `missed` | `skip` (default): a tick at which nobody was there is gone; `once`: the last of those is made up for |
//! | `name` | by which hosts know the entry as the same; by default what it says |
//!
//! # Guarantees
//!
//! Every tick is submitted once, however many hosts have the entry and share the queue: its message has a unique key of
//! the entry and the time. While the queue cannot be reached a tick is tried again for five minutes, as the same message
//! each time. The job is then like any other: it runs at least once.
//!
//! A local time that a change of the clocks leaves out is due right after it; one that comes twice is due the first
//! time, for entries at a fixed time of day.

mod clock;
mod entry;
mod sources;
mod tab;
mod tick;

pub use clock::Cron;
pub use entry::{Entry, Missed};
pub use tab::{Placed, Tab, parse};
