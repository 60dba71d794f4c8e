use super::capability::CAPABILITIES;
use super::connection::MySession;
use super::options::MysqlOptions;
use crate::Result;
use crate::db::driver::Capabilities;
use crate::db::drivers::pooled::{Pool, ServerDriver};

/// A MySQL or MariaDB server; see the [module](super) for what it promises.
pub struct MysqlDriver {
    pool: Pool<MySession>,
}

impl MysqlDriver {
    /// A driver for a server, which need not be there yet.
    ///
    /// # Errors
    /// `Config` for malformed options.
    pub fn new(options: &MysqlOptions) -> Result<Self> {
        Ok(Self { pool: Pool::new(options.connection()?, &options.limits)? })
    }
}

impl ServerDriver for MysqlDriver {
    type Session = MySession;

    const CAPABILITIES: Capabilities = CAPABILITIES;

    fn pool(&self) -> &Pool<MySession> {
        &self.pool
    }
}
