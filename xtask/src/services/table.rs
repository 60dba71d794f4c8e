//! Which servers there are, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use rustix::process::Signal;

use super::probe::Probe;

/// One server that tests talk to.
pub(super) struct Service {
    pub(super) name: &'static str,
    /// The executable, and folders besides `PATH` where it may lie; `*` stands for a version, the last one wins.
    program: &'static str,
    folders: &'static [&'static str],
    /// Who has it: the registry and the name of the package.
    pub(super) package: &'static str,
    /// Whom to become when started by root, which the server refuses to run as.
    pub(super) user: Option<&'static str>,
    /// Commands that make its data folder.
    pub(super) prepare: fn(&Launch<'_>) -> Vec<Command>,
    /// The server itself, in the foreground.
    pub(super) serve: fn(&Launch<'_>) -> Command,
    pub(super) probe: Probe,
    pub(super) stop_signal: Signal,
    /// Its address, with `{port}` in it.
    address: &'static str,
    /// The environment variable by which tests of a driver find it.
    pub(super) variable: Option<&'static str>,
    /// Whether its data can outlive its process; that of an emulator is in memory.
    pub(super) keeps_data: bool,
}

/// What a command may need to know.
pub(super) struct Launch<'a> {
    pub(super) folder: &'a Path,
    pub(super) port: u16,
    pub(super) program: &'a Path,
    /// Whether what was acknowledged must survive a crash: it is slower.
    pub(super) durable: bool,
}

impl Service {
    /// The address to connect to.
    pub(super) fn address(&self, port: u16) -> String {
        let next = port.wrapping_add(1).to_string();
        self.address.replace("{port}", &port.to_string()).replace("{next}", &next)
    }

    /// The executable's path, if it is installed.
    pub(super) fn installed(&self) -> Option<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let own = self.folders.iter().flat_map(|folder| versions(folder));
        own.chain(env::split_paths(&path)).map(|folder| folder.join(self.program)).find(|file| file.is_file())
    }
}

impl Launch<'_> {
    fn command(&self) -> Command {
        Command::new(self.program)
    }

    /// A program that lies beside the server's.
    fn sibling(&self, name: &str) -> Command {
        Command::new(self.program.with_file_name(name))
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn port(&self) -> String {
        self.port.to_string()
    }

    /// One for a second process; it was free as well.
    fn next_port(&self) -> String {
        self.port.wrapping_add(1).to_string()
    }
}

/// The folders that a path with one `*` stands for, the last in order first.
fn versions(pattern: &str) -> Vec<PathBuf> {
    let Some((parent, rest)) = pattern.split_once("/*/") else { return vec![pattern.into()] };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    found.sort();
    found.into_iter().rev().map(|folder| folder.join(rest)).collect()
}

fn nothing(_: &Launch<'_>) -> Vec<Command> {
    Vec::new()
}

/// Installs moto in the folder `$2`, unless the Python `$1` has it or it was done before.
const INSTALL_MOTO: &str = r#""$1" -c 'import moto.server' 2>/dev/null || [ -x "$2/bin/moto_server" ] ||
{ "$1" -m venv "$2" && "$2/bin/pip" install --quiet 'moto[server]==5.2.5'; }"#;

/// Starts the program `$1` on the ports `$2` and `$3`; memcached refuses to run as root, and drops by itself.
const TWO_MEMCACHED: &str = r#"trap 'kill $one $two 2>/dev/null; exit 0' TERM INT
"$1" -l 127.0.0.1 -p "$2" -u nobody & one=$!
"$1" -l 127.0.0.1 -p "$3" -u nobody & two=$!
wait $one $two"#;

/// Starts the program `$1` as a sentinel on port `$2` that watches a master on port `$3`.
const SENTINEL: &str = r#"trap 'kill $one $two 2>/dev/null; exit 0' TERM INT
printf 'port %s\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 %s 1\n' "$2" "$3" > sentinel.conf
"$1" --bind 127.0.0.1 --port "$3" --save '' --appendonly no & one=$!
"$1" sentinel.conf --sentinel & two=$!
wait $one $two"#;

/// Where moto is installed: beside the folders of the services, so that stopping one does not remove it.
fn moto(launch: &Launch<'_>) -> PathBuf {
    launch.folder.with_file_name("moto")
}

/// All servers, in the order in which they are listed and started.
pub(super) static SERVICES: [Service; 10] = [
    Service {
        name: "postgres",
        program: "postgres",
        // The clients' folder of Debian is not in PATH, and another product may put a `postgres` there.
        folders: &["/usr/lib/postgresql/*/bin"],
        package: "Debian has it as postgresql",
        user: Some("postgres"),
        prepare: |launch| {
            let mut make = launch.sibling("initdb");
            make.args([
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "-D",
            ]);
            make.arg(launch.data());
            vec![make]
        },
        serve: |launch| {
            let mut serve = launch.command();
            serve.arg("-D").arg(launch.data()).args(["-h", "127.0.0.1", "-p", &launch.port()]);
            // No socket file: its path would be longer than the system allows in a deep folder.
            serve.args(["-c", "unix_socket_directories="]);
            if !launch.durable {
                serve.args(["-c", "fsync=off"]);
            }
            serve
        },
        // A start-up packet for user postgres; a server that still starts answers E.
        probe: Probe { send: b"\0\0\0\x17\0\x03\0\0user\0postgres\0\0", skip: 0, expect: b"R" },
        stop_signal: Signal::INT,
        address: "postgresql://postgres@127.0.0.1:{port}/postgres",
        variable: Some("BKJS_TEST_POSTGRES_URL"),
        keeps_data: true,
    },
    Service {
        name: "mariadb",
        program: "mariadbd",
        folders: &["/usr/sbin"],
        package: "Debian has it as mariadb-server",
        user: Some("mysql"),
        prepare: |launch| {
            let mut make = Command::new("mariadb-install-db");
            make.args(["--no-defaults", "--auth-root-authentication-method=normal"]);
            make.arg(format!("--datadir={}", launch.data().display()));
            vec![make]
        },
        serve: |launch| {
            let mut serve = launch.command();
            serve.args(["--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve"]);
            serve.arg(format!("--port={}", launch.port));
            serve.arg(format!("--datadir={}", launch.data().display()));
            // Beside the data the path could be longer than the system allows.
            let socket = env::temp_dir().join(format!("bkjs-mariadb-{}.sock", launch.port));
            serve.arg(format!("--socket={}", socket.display()));
            serve
        },
        // The greeting: four bytes of header, then version ten of the protocol.
        probe: Probe { send: b"", skip: 4, expect: b"\x0a" },
        stop_signal: Signal::TERM,
        address: "mysql://root@127.0.0.1:{port}/test",
        variable: Some("BKJS_TEST_MYSQL_URL"),
        keeps_data: true,
    },
    Service {
        name: "redis",
        program: "redis-server",
        folders: &[],
        package: "Debian has it as redis-server",
        user: None,
        prepare: nothing,
        serve: |launch| {
            let mut serve = launch.command();
            serve.args(["--bind", "127.0.0.1", "--port", &launch.port()]);
            serve.args(["--save", ""]);
            match launch.durable {
                // Written to the disk before the reply.
                true => serve.args(["--appendonly", "yes", "--appendfsync", "always"]),
                false => serve.args(["--appendonly", "no"]),
            };
            serve.arg("--dir").arg(launch.folder);
            serve
        },
        probe: Probe { send: b"PING\r\n", skip: 0, expect: b"+PONG" },
        stop_signal: Signal::TERM,
        address: "redis://127.0.0.1:{port}",
        variable: Some("BKJS_TEST_REDIS_URL"),
        keeps_data: true,
    },
    Service {
        name: "memcached",
        program: "memcached",
        folders: &[],
        package: "Debian has it as memcached",
        user: None,
        prepare: nothing,
        serve: |launch| {
            // Two of them, as keys are spread over several; the first one is told to stop and ends the other.
            let mut serve = Command::new("sh");
            serve.args(["-c", TWO_MEMCACHED, "sh"]).arg(launch.program);
            serve.args([launch.port(), launch.next_port()]);
            serve
        },
        probe: Probe { send: b"version\r\n", skip: 0, expect: b"VERSION" },
        stop_signal: Signal::TERM,
        address: "memcache://127.0.0.1:{port},127.0.0.1:{next}",
        variable: Some("BKJS_TEST_MEMCACHED_URL"),
        keeps_data: false,
    },
    Service {
        name: "sentinel",
        program: "redis-server",
        folders: &[],
        package: "Debian has it as redis-server",
        user: None,
        prepare: nothing,
        serve: |launch| {
            let mut serve = Command::new("sh");
            serve.args(["-c", SENTINEL, "sh"]).arg(launch.program);
            serve.args([launch.port(), launch.next_port()]);
            serve
        },
        // It answers when the master that it watches does.
        probe: Probe { send: b"SENTINEL ckquorum main\r\n", skip: 0, expect: b"+OK" },
        stop_signal: Signal::TERM,
        address: "redis+sentinel://127.0.0.1:{port}/main",
        variable: Some("BKJS_TEST_SENTINEL_URL"),
        keeps_data: false,
    },
    Service {
        name: "rabbitmq",
        program: "rabbitmq-server",
        // The one in /usr/sbin becomes another user, who may not write here.
        folders: &["/usr/lib/rabbitmq/bin"],
        package: "Debian has it as rabbitmq-server",
        user: None,
        prepare: nothing,
        serve: |launch| {
            let mut serve = launch.command();
            let folder = launch.folder;
            serve
                .env("RABBITMQ_NODENAME", format!("bkjs{}@localhost", launch.port))
                .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
                .env("RABBITMQ_NODE_PORT", launch.port())
                // The node and its name server need two more ports; they follow the first one.
                .env("RABBITMQ_DIST_PORT", launch.port.wrapping_add(1).to_string())
                .env("ERL_EPMD_PORT", launch.port.wrapping_add(2).to_string())
                .env("ERL_EPMD_ADDRESS", "127.0.0.1")
                // Settings of a server that the system runs are not for this one; the file need not exist.
                .env("RABBITMQ_CONFIG_FILE", folder.join("rabbitmq"))
                .env("RABBITMQ_CONF_ENV_FILE", folder.join("environment"))
                .env("RABBITMQ_MNESIA_BASE", folder.join("mnesia"))
                .env("RABBITMQ_LOG_BASE", folder.join("logs"))
                .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
                .env("RABBITMQ_PID_FILE", folder.join("pid"));
            serve
        },
        probe: Probe { send: b"AMQP\0\0\x09\x01", skip: 0, expect: b"\x01\0\0" },
        stop_signal: Signal::TERM,
        address: "amqp://guest:guest@127.0.0.1:{port}",
        variable: Some("BKJS_TEST_AMQP_URL"),
        keeps_data: true,
    },
    Service {
        name: "nats",
        program: "nats-server",
        folders: &["/usr/sbin"],
        package: "Debian has it as nats-server",
        user: None,
        prepare: nothing,
        serve: |launch| {
            let mut serve = launch.command();
            serve.args(["-a", "127.0.0.1", "-p", &launch.port(), "-js", "-sd"]).arg(launch.data());
            serve
        },
        probe: Probe { send: b"", skip: 0, expect: b"INFO " },
        stop_signal: Signal::TERM,
        address: "nats://127.0.0.1:{port}",
        variable: Some("BKJS_TEST_NATS_URL"),
        keeps_data: true,
    },
    Service {
        name: "dynamodb",
        // The other emulator, dynalite, has no transactions.
        program: "python3",
        folders: &[],
        package: "Debian has it as python3-venv",
        user: None,
        prepare: |launch| {
            let mut make = Command::new("sh");
            make.args(["-c", INSTALL_MOTO, "sh"]).arg(launch.program).arg(moto(launch));
            vec![make]
        },
        serve: |launch| {
            let own = moto(launch).join("bin/python");
            let mut serve = Command::new(if own.is_file() { own.as_path() } else { launch.program });
            serve.args(["-c", include_str!("moto.py"), &launch.port()]);
            serve
        },
        probe: Probe { send: b"GET /moto-api/ HTTP/1.0\r\n\r\n", skip: 0, expect: b"HTTP/1." },
        stop_signal: Signal::TERM,
        address: "http://127.0.0.1:{port}",
        variable: Some("BKJS_TEST_DYNAMODB_URL"),
        keeps_data: false,
    },
    Service {
        // What starts a browser for each test that asks for one.
        name: "chromedriver",
        program: "chromedriver",
        folders: &[],
        package: "Debian has it as chromium-driver",
        user: None,
        prepare: nothing,
        serve: |launch| {
            let mut serve = launch.command();
            serve.arg(format!("--port={}", launch.port));
            serve
        },
        probe: Probe {
            send: b"GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            skip: 0,
            expect: b"HTTP/1.1 200",
        },
        stop_signal: Signal::TERM,
        address: "http://127.0.0.1:{port}",
        variable: Some("BKJS_TEST_WEBDRIVER_URL"),
        keeps_data: false,
    },
    Service {
        name: "aws",
        program: "moto_server",
        folders: &[],
        package: "PyPI has it as moto[server]",
        user: None,
        prepare: nothing,
        serve: |launch| {
            let mut serve = launch.command();
            serve.args(["-H", "127.0.0.1", "-p", &launch.port()]);
            serve
        },
        probe: Probe { send: b"GET /moto-api/ HTTP/1.0\r\n\r\n", skip: 0, expect: b"HTTP/1." },
        stop_signal: Signal::TERM,
        address: "http://127.0.0.1:{port}",
        variable: None,
        keeps_data: false,
    },
];

#[cfg(test)]
mod tests {
    use super::{SERVICES, versions};

    #[test]
    fn every_address_carries_the_port() {
        for service in &SERVICES {
            assert!(service.address(4711).contains("127.0.0.1:4711"), "{}", service.name);
        }
    }

    #[test]
    fn the_packet_for_postgresql_says_its_own_length() {
        let packet = SERVICES[0].probe.send;
        assert_eq!(usize::from(packet[3]), packet.len());
    }

    #[test]
    fn the_newest_version_comes_first() {
        let root = std::env::temp_dir().join(format!("xtask-versions-{}", std::process::id()));
        for version in ["13", "15", "14"] {
            std::fs::create_dir_all(root.join(version)).unwrap();
        }
        let found = versions(&format!("{}/*/bin", root.display()));
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(found[0], root.join("15/bin"));
        assert_eq!(found.len(), 3);
    }
}
