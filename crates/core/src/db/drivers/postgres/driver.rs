use super::capability::CAPABILITIES;
use super::connection::PgSession;
use super::options::PostgresOptions;
use crate::Result;
use crate::db::driver::Capabilities;
use crate::db::drivers::pooled::{Pool, ServerDriver};

/// A PostgreSQL server; see the [module](super) for what it promises.
pub struct PostgresDriver {
    pool: Pool<PgSession>,
}

impl PostgresDriver {
    /// A driver for a server, which need not be there yet.
    ///
    /// # Errors
    /// `Config` for malformed options.
    pub fn new(options: &PostgresOptions) -> Result<Self> {
        Ok(Self { pool: Pool::new(options.connection()?, &options.limits)? })
    }
}

impl ServerDriver for PostgresDriver {
    type Session = PgSession;

    const CAPABILITIES: Capabilities = CAPABILITIES;

    fn pool(&self) -> &Pool<PgSession> {
        &self.pool
    }
}
