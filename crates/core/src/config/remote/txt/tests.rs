use std::collections::BTreeMap;
use std::sync::Mutex;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::Record;
use hickory_resolver::proto::rr::rdata::TXT;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};

use super::*;

/// What a server has under each name: texts, each with its time to live; none is an error of the server.
type Zone = BTreeMap<&'static str, Option<Vec<(String, u32)>>>;

/// A DNS server that knows a few TXT records.
struct Server {
    address: SocketAddr,
    zone: Arc<Mutex<Zone>>,
}

impl Server {
    async fn start(records: &[(&'static str, &str, u32)]) -> Self {
        let mut zone = Zone::new();
        for (name, text, ttl) in records {
            zone.entry(name).or_insert(Some(Vec::new())).get_or_insert_default().push(((*text).into(), *ttl));
        }
        let zone = Arc::new(Mutex::new(zone));
        // Both sockets have one port: what does not fit a datagram is asked for again by TCP.
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().unwrap()).await {
                break (tcp, udp);
            }
        };
        let address = tcp.local_addr().unwrap();
        crate::task::spawn("udp", datagrams(udp, zone.clone()));
        crate::task::spawn("tcp", streams(tcp, zone.clone()));
        Self { address, zone }
    }

    fn params(&self, domain: &str) -> DnsParams {
        DnsParams { domain: domain.into(), servers: vec![self.address], ..DnsParams::default() }
    }
}

async fn datagrams(socket: UdpSocket, zone: Arc<Mutex<Zone>>) {
    let mut question = [0; 4096];
    while let Ok((length, from)) = socket.recv_from(&mut question).await {
        let reply = answer(&question[..length], &zone.lock().unwrap());
        let reply = if reply.to_vec().unwrap().len() > 1200 { reply.truncate() } else { reply };
        socket.send_to(&reply.to_vec().unwrap(), from).await.unwrap();
    }
}

async fn streams(listener: TcpListener, zone: Arc<Mutex<Zone>>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        while let Ok(length) = stream.read_u16().await {
            let mut question = vec![0; length.into()];
            stream.read_exact(&mut question).await.unwrap();
            let reply = answer(&question, &zone.lock().unwrap()).to_vec().unwrap();
            stream.write_u16(reply.len().try_into().unwrap()).await.unwrap();
            stream.write_all(&reply).await.unwrap();
        }
    }
}

fn answer(question: &[u8], zone: &Zone) -> Message {
    let question = Message::from_vec(question).unwrap();
    let query = question.queries[0].clone();
    let mut reply = Message::response(question.metadata.id, OpCode::Query);
    reply.add_query(query.clone());
    match zone.get(query.name().to_ascii().trim_end_matches('.')) {
        None => reply.metadata.response_code = ResponseCode::NXDomain,
        Some(None) => reply.metadata.response_code = ResponseCode::ServFail,
        Some(Some(texts)) => {
            for (text, ttl) in texts {
                let pieces = text.as_bytes().chunks(255).collect();
                let data = RData::TXT(TXT::from_bytes(pieces));
                reply.add_answer(Record::from_rdata(query.name().clone(), *ttl, data));
            }
        }
    }
    reply
}

fn said(reading: &Reading) -> Vec<String> {
    let text =
        |a: &crate::config::Assignment| format!("{}={}", a.name, a.text.as_deref().unwrap_or("(none)"));
    reading.values.assignments.iter().map(text).collect()
}

#[tokio::test]
async fn records_of_the_domain_and_of_two_names_below_it_are_parameters() {
    let server = Server::start(&[
        ("config.test", "api-upload-limit=2m", 300),
        ("config.test", "api-allow-path = ^/a=b", 60),
        ("config.test", "# a comment", 0),
        ("config.test", "no sense at all", 60),
        ("run-mode.config.test", "staging", 90),
        ("db-pool.config.test", "pgsql", 90),
    ])
    .await;
    for domain in ["config.test", "config.test."] {
        let reading = read(&server.params(domain)).await.unwrap();
        assert_eq!(
            said(&reading),
            ["api-allow-path=^/a=b", "api-upload-limit=2m", "run-mode=staging", "db-pool=pgsql"]
        );
        let expected =
            "one of the TXT records of config.test is not used: expected name=value, or # before a comment";
        assert_eq!(reading.warnings, [expected]);
        assert_eq!(reading.due, Some(Duration::from_secs(60)));
        let origin = &reading.values.assignments[2].origin;
        assert_eq!(
            (origin.rank, origin.to_string()),
            (Rank::Dns, "the TXT records of run-mode.config.test".into())
        );
    }
}

#[tokio::test]
async fn long_records_arrive_whole() {
    let long = format!("api-names={}", "x".repeat(3000));
    let server = Server::start(&[("config.test", &long, 60)]).await;
    assert_eq!(said(&read(&server.params("config.test")).await.unwrap()), [long]);
}

#[tokio::test]
async fn a_domain_without_records_says_nothing_and_one_that_is_not_answered_is_an_error() {
    let server = Server::start(&[]).await;
    let nothing = read(&server.params("config.test")).await.unwrap();
    assert_eq!((said(&nothing).len(), nothing.due), (0, None));
    server.zone.lock().unwrap().insert("config.test", None);
    let error = read(&server.params("config.test")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.message(), "no DNS server answers what config.test says");
    let wrong = read(&server.params("a..b")).await.unwrap_err();
    assert_eq!(wrong.message(), "config-domain: a..b is no name of DNS");
}

#[cfg(feature = "sqlite")]
mod process {
    use super::super::super::RemoteSources;
    use super::*;
    use crate::config::{CommandLine, Config, CoreParams, Inputs, Registry, Unknown};
    use crate::db::DbParams;

    #[tokio::test]
    async fn dns_goes_before_files_and_behind_the_command_line_and_says_no_secrets() {
        let server = Server::start(&[
            ("config.test", "instance-zone=z1", 60),
            ("config.test", "instance-tag=t1", 60),
            ("config.test", "db-pgsql-pool=postgres://u:p@h/d", 60),
            ("config.test", "config-domain=elsewhere", 60),
            ("config.test", "instnce-zone=z2", 60),
            ("run-mode.config.test", "staging", 60),
        ])
        .await;
        let home = tempfile::tempdir().unwrap();
        for folder in ["etc", "var"] {
            std::fs::create_dir(home.path().join(folder)).unwrap();
        }
        std::fs::write(home.path().join("etc/config"), "run-mode=test\ninstance-zone=z0").unwrap();
        let mut registry = Registry::new();
        let db = registry.register::<DbParams>().unwrap();
        let core = registry.handle::<CoreParams>().unwrap();
        let address = server.address.to_string();
        let words =
            ["-config-domain", "config.test", "-config-domain-servers", &address, "-instance-tag", "t0"];
        let line = CommandLine::parse(words, &registry, Unknown::Refuse);
        let inputs = Inputs { home: Some(home.path().into()), ..Inputs::new(line) };
        let config = Arc::new(Config::load(registry, inputs).unwrap());
        let mut sources = RemoteSources::new(config, "web").unwrap();
        sources.start().await.unwrap();
        let now = core.load_full();
        assert_eq!(now.run_mode.as_str(), "staging");
        assert_eq!((now.instance_zone.as_str(), now.instance_tag.as_str()), ("z1", "t0"));
        assert!(db.load().url.is_empty());
        let of = "in the TXT records of config.test";
        assert_eq!(
            sources.told.warnings.iter().collect::<Vec<_>>(),
            [
                &format!(
                    "config-domain {of} is not used: it is needed before other hosts are asked: give it in a file or \
                     on the command line"
                ),
                &format!(
                    "db-pgsql-pool {of} is not used: it is a secret, and everyone can read what DNS says"
                ),
                &format!("unknown parameter instnce-zone {of}; did you mean instance-zone?"),
            ]
        );
    }
}
