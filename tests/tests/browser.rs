//! The console in a browser, clicked through as a person would.
//!
//! Needs `BKJS_TEST_WEBDRIVER_URL`, as `cargo xtask test` sets it. Pictures are kept in `target/screenshots`.

use anyhow::{Context as _, Result, ensure};
use bkjs_tests::{Browser, Home, Server, Signed, free_port};
use serde_json::json;

/// A PNG of 7 x 9 pixels.
const PICTURE: &[u8] = include_bytes!("picture.png");

/// A server and a browser on its site; none where no browser can be had.
async fn start(home: &Home, arguments: &[&str]) -> Result<Option<(Server, Browser)>> {
    if std::env::var_os("BKJS_TEST_WEBDRIVER_URL").is_none() {
        eprintln!("skipped: needs BKJS_TEST_WEBDRIVER_URL");
        return Ok(None);
    }
    let port = free_port()?;
    let server = Server::start_on(home, port, &["-ws-port", &port.to_string()]).await?;
    let browser = Browser::open(server.port, arguments).await?.context("a browser")?;
    Ok(Some((server, browser)))
}

async fn sign_in(browser: &Browser, way: &str, fields: &[(&str, &str)]) -> Result<()> {
    browser.click("#account").await?;
    browser.click(&format!("dialog [value={way}]")).await?;
    for (name, value) in fields {
        browser.write(&format!("dialog input[name={name}]"), value).await?;
    }
    browser.click("dialog button.main").await
}

async fn send(browser: &Browser, line: &str, status: &str) -> Result<()> {
    browser.write("#path", line).await?;
    browser.click("#send").await?;
    browser.see_text("#status", status).await
}

#[tokio::test]
async fn a_newcomer_signs_up_and_tries_endpoints_in_the_console() -> Result<()> {
    let home = Home::new()?;
    let Some((server, browser)) = start(&home, &[]).await? else { return Ok(()) };
    browser.visit("/api.html").await?;
    sign_in(&browser, "add", &[("name", "Ann Lee"), ("login", "ann"), ("secret", "wonder")]).await?;
    browser.see_text("#account", "Ann Lee").await?;

    // A path that is typed.
    send(&browser, "/account/get", "200").await?;
    browser.see_text("#body", "\"login\": \"ann\"").await?;
    send(&browser, "/no/such", "404").await?;

    // A form that is filled in.
    browser.write("#filter", "location/put").await?;
    browser.click("#endpoints li:not([hidden]) button").await?;
    browser.write("#fields [name=latitude]", "52.5").await?;
    browser.write("#fields [name=longitude]", "13.4").await?;
    browser.click("#send").await?;
    browser.see_text("#body", "\"geohash\"").await?;
    browser.keep("console").await?;

    // A picture, sent and seen.
    let picture = home.beside("ann.png");
    std::fs::write(&picture, PICTURE)?;
    browser.write("#filter", "/account/put/icon").await?;
    browser.click("#endpoints li:not([hidden]) button").await?;
    browser.choose("#fields [type=file]", &picture).await?;
    browser.write("#fields [name=type]", "5").await?;
    browser.click("#send").await?;
    browser.see_text("#body", "\"width\"").await?;
    send(&browser, "/account/get/icon?type=5", "200").await?;
    browser.see("#body img").await?;
    let width = browser.ask(
        "const image = document.querySelector('#body img'); await image.decode(); return image.naturalWidth",
    );
    assert_eq!(width.await?, 7);

    // What was sent is listed, and can be sent again.
    browser.see_text("#calls", "/location/put?latitude=52.5&longitude=13.4").await?;
    browser.click("#calls tr:last-child .call button").await?;
    browser.click("#send").await?;
    browser.see_text("#body", "\"login\": \"ann\"").await?;

    // The session outlives the page; no secret does.
    browser.visit("/api.html").await?;
    browser.see_text("#account", "Ann Lee").await?;
    let stored =
        browser.ask("return JSON.stringify([localStorage, sessionStorage]) + document.cookie").await?;
    ensure!(!stored.to_string().contains("wonder"), "{stored}");
    send(&browser, "/account/get", "200").await?;
    browser.click("#account").await?;
    browser.see_text("#account", "Sign in").await?;
    send(&browser, "/account/get", "4").await?;
    browser.close().await?;
    server.stop().await.map(drop)
}

#[tokio::test]
async fn the_browser_client_signs_as_the_server_expects() -> Result<()> {
    let home = Home::new()?;
    let Some((server, browser)) = start(&home, &[]).await? else { return Ok(()) };
    browser.visit("/").await?;
    browser
        .ask(
            "await new Promise((done, failed) => document.head.append(Object.assign(document.createElement('script'), \
             { src: '/js/bkjs.js', onload: done, onerror: failed })));
             await Bkjs.post('/account/add', { login: 'a+b@c.d', secret: 's€cret', name: 'Ä B' });
             Bkjs.signIn('a+b@c.d', 's€cret');",
        )
        .await?;
    let signed = Signed {
        method: "GET",
        host: "localhost",
        path: "/account/get",
        query: "b=2&a=1",
        content_type: "",
        checksum: "",
        expires: 1_900_000_000_000,
    };
    let header = browser
        .ask("return Bkjs.sign({ path: '/account/get?b=2&a=1', host: 'localhost', expires: 1900000000000 })")
        .await?;
    assert_eq!(header, signed.header("a+b@c.d", "s€cret"));

    // Every kind of body.
    for call in [
        "Bkjs.get('/account/update', { name: 'é +&=?', city: '%41' })",
        "Bkjs.post('/account/update', { name: 'é +&=?', city: '%41' })",
        "Bkjs.request('/account/update', { method: 'POST', json: { name: 'é +&=?', city: '%41' } })",
    ] {
        let reply = browser.ask(&format!("return (await {call}).data")).await?;
        assert_eq!((&reply["name"], &reply["city"]), (&"é +&=?".into(), &"%41".into()), "{call}");
    }
    let refused = browser.ask("return Bkjs.get('/location/put').catch((e) => [e.status, e.message])").await?;
    assert_eq!(refused[0], 400, "{refused}");

    // Events come while the page listens.
    let event = browser
        .ask(
            "const { data: { id } } = await Bkjs.get('/account/get');
             return new Promise((done) => {
                 const stop = Bkjs.subscribe((event) => { stop(); done(event); }, {
                     match: 'counter', onlisten: () => Bkjs.get('/counter/incr', { id, ping: 1 }),
                 });
             });",
        )
        .await?;
    assert_eq!(event["path"], "/counter/incr", "{event}");

    let over_socket = browser
        .ask(
            "const socket = await Bkjs.connect();
             const account = await socket.request('/account/get');
             const event = await new Promise((done) => socket.subscribe(done).then(() => {
                 return socket.request('/counter/incr', { id: account.id, ping: 2 });
             }));
             const refused = await socket.request('/location/put').catch((error) => error.status);
             const code = await new Promise((done) => { socket.socket.addEventListener('close', done); socket.close(); });
             return [account.login, event.path, refused, code.code];",
        )
        .await?;
    assert_eq!(over_socket, json!(["a+b@c.d", "/counter/incr", 400, 1000]));

    // A clock that is wrong is learned from the refusal.
    let right = browser.ask("Bkjs.clock = -3600000; return (await Bkjs.get('/auth')).status").await?;
    assert_eq!(right, 200);
    browser.close().await?;
    server.stop().await.map(drop)
}

#[tokio::test]
async fn an_administrator_sees_charts_move() -> Result<()> {
    let home = Home::new()?;
    home.add_admin("root", "admin1").await?;
    let Some((server, browser)) = start(&home, &[]).await? else { return Ok(()) };
    browser.visit("/metrics.html").await?;
    browser.see_text("#state", "sign in as an administrator").await?;
    sign_in(&browser, "secret", &[("login", "root"), ("secret", "admin1")]).await?;
    browser.see_text("#state", "live").await?;
    let points = "document.querySelector('.chart polyline')?.getAttribute('points').split(' ').length ?? 0";
    browser
        .ask(&format!("while (({points}) < 4) {{ await Bkjs.get('/ping'); await new Promise((on) => setTimeout(on, 100)); }}"))
        .await?;
    let figures = browser
        .ask("return [...document.querySelectorAll('.chart svg')].map((svg) => svg.ariaLabel)")
        .await?;
    browser.keep("metrics").await?;
    for title in ["Requests: 2", "Latency: p50", "CPU: ", "Memory: ", "Database calls: "] {
        let told = figures.as_array().context("charts")?.iter().any(|label| {
            label.as_str().is_some_and(|label| label.starts_with(title) && label.contains(char::is_numeric))
        });
        ensure!(told, "{title}: {figures}");
    }
    browser.close().await?;
    server.stop().await.map(drop)
}

#[tokio::test]
async fn the_book_is_read_in_the_browser() -> Result<()> {
    let home = Home::new()?;
    let Some((server, browser)) = start(&home, &["--blink-settings=preferredColorScheme=0"]).await? else {
        return Ok(());
    };
    browser.visit("/doc.html").await?;
    browser.see_text("h1", "The bkjs book").await?;
    browser.click(".contents a[href='/doc/counters.html']").await?;
    browser.see_text("h1", "Counters").await?;
    browser.keep("book").await?;
    browser.close().await?;
    server.stop().await.map(drop)
}
