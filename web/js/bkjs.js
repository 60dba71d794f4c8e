// bkjs in the browser: signed requests, sessions, events and WebSockets. No dependencies.
//
//     <script src="/js/bkjs.js"></script>
//     <script>
//         Bkjs.signIn("ann", "wonder");
//         const { data } = await Bkjs.get("/account/get");
//     </script>
//
// Signatures are made by WebCrypto, which browsers offer on HTTPS and on localhost only. Elsewhere sign in with a
// password, which brings a session: Bkjs.logIn("ann", "builder").
"use strict";

(() => {
    const FORM = "application/x-www-form-urlencoded";
    const text = new TextEncoder();

    /** An answer that is no success, or none at all (`status` 0). */
    class BkjsError extends Error {
        constructor(status, message, data) {
            super(message);
            this.name = "BkjsError";
            this.status = status;
            this.data = data;
        }
    }

    const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));

    function subtle() {
        if (globalThis.crypto?.subtle) return crypto.subtle;
        throw new BkjsError(0, "this page cannot sign requests: open it by HTTPS or on localhost, or log in with a password");
    }

    async function hmac(secret, message) {
        const algorithm = { name: "HMAC", hash: "SHA-256" };
        const key = await subtle().importKey("raw", text.encode(secret), algorithm, false, ["sign"]);
        return base64(await subtle().sign("HMAC", key, text.encode(message)));
    }

    /** The checksum of a body as signatures carry it. */
    async function checksum(bytes) {
        return base64(await subtle().digest("SHA-1", bytes));
    }

    /** Names and values as a query; a list gives its name again for each value, what is undefined is left out. */
    function encode(params) {
        const pair = (name, value) => `${encodeURIComponent(name)}=${encodeURIComponent(value ?? "")}`;
        return Object.entries(params ?? {})
            .filter(([, value]) => value !== undefined)
            .flatMap(([name, value]) => (Array.isArray(value) ? value.map((one) => pair(name, one)) : [pair(name, value)]))
            .join("&");
    }

    class Client {
        /** Where the server is; empty: where the page comes from. */
        base = "";
        /** The name of the header that carries signatures, as `api-signature-name` says. */
        signatureName = "bk-signature";
        /** 1: the secret is replaced by its HMAC with the login, so that what somebody typed is never kept or sent. */
        scramble = 0;
        /** Tag of signatures, opaque to the server. */
        tag = "";
        /** How long a signature counts, milliseconds. */
        life = 60_000;
        /** What the server's clock is ahead of this one, milliseconds; learned when it refuses a signature as expired. */
        clock = 0;
        /** Whether a cookie stands for signatures. */
        session = false;
        #login = "";
        #secret = "";

        /** Who signs; empty when nobody does. */
        get login() {
            return this.#login;
        }

        /** Requests are signed by this login and secret from now on. Nothing is sent, nothing is stored. */
        signIn(login, secret) {
            this.#login = login;
            this.#secret = secret;
            this.session = false;
        }

        /** As `signIn`, and asks the server whether it is right. Answers the login record. */
        async verify(login, secret) {
            this.signIn(login, this.scramble ? await hmac(secret, login) : secret);
            try {
                return (await this.get("/auth")).data;
            } catch (error) {
                this.signOut();
                throw error;
            }
        }

        /** Logs in with a password; a session cookie stands for signatures from then on. Answers the account. */
        async logIn(login, password) {
            this.signOut();
            const { data } = await this.post("/login", { login, password, _session: 1 });
            this.session = true;
            return data;
        }

        /** Whether a session of before still counts; answers the login record or null. */
        async resume() {
            try {
                const { data } = await this.get("/auth");
                this.session = !this.#login;
                return data;
            } catch (error) {
                if (error.status >= 400 && error.status < 500) return null;
                throw error;
            }
        }

        /** Ends the session and forgets the secret. */
        async logOut() {
            const session = this.session;
            this.signOut();
            if (session) await this.post("/logout");
        }

        /** Forgets login and secret. */
        signOut() {
            this.#login = "";
            this.#secret = "";
            this.session = false;
        }

        /** The value of a signature (version 4) for a request. `path` may hold a query, which is signed. */
        async sign({ method = "GET", path, host = this.#host(), query, contentType = "", checksum = "", expires }) {
            const [bare, ...rest] = path.split("?");
            const pieces = (query ?? rest[0] ?? "").split("&").filter((piece) => piece && !piece.startsWith(this.signatureName));
            const until = expires ?? Date.now() + this.clock + this.life;
            const lines = [
                4, this.tag, this.#login, method, host.toLowerCase(), bare, pieces.sort().join("&"),
                until, contentType.toLowerCase(), checksum,
            ];
            return `4|${this.tag}|${this.#login}|${await hmac(this.#secret, lines.join("\n") + "\n")}|${until}|${checksum}|`;
        }

        #host() {
            return new URL(this.base || location.href, location.href).hostname;
        }

        /** A request by GET. */
        get(path, params) {
            return this.request(path, { params });
        }

        /** A request by POST: a form, or multipart where a value is a File. */
        post(path, params = {}) {
            return this.request(path, { method: "POST", params });
        }

        /**
         * Sends a request and answers `{ status, data, headers, size, took }`; `data` is what JSON holds, a Blob of
         * what is none, or text.
         *
         * Options: `method`, `params` (query with GET, else a form; multipart where a value is a File), `json` (a body
         * of any value), `body` with `contentType`, `headers`, `signal`, `raw` (answer the Response itself).
         *
         * Throws a BkjsError for a status of 400 or more.
         */
        async request(path, options = {}) {
            const begun = performance.now();
            let response = await this.#send(path, options);
            if (response.status === 406 && this.#adjust(response)) response = await this.#send(path, options);
            if (options.raw && response.ok) return response;
            const type = response.headers.get("content-type") ?? "";
            const blob = await response.blob();
            let data = blob;
            if (type.includes("json")) data = parse(await blob.text());
            else if (type.startsWith("text/") || !blob.size) data = await blob.text();
            const answer = {
                status: response.status, data, headers: response.headers, size: blob.size, took: performance.now() - begun,
            };
            if (response.ok) return answer;
            throw Object.assign(new BkjsError(response.status, data?.message ?? response.statusText, data), { answer });
        }

        async #send(path, { method = "GET", params, json, body, contentType = "", headers = {}, signal } = {}) {
            let form;
            if (json !== undefined) {
                [body, contentType] = [text.encode(JSON.stringify(json)), "application/json"];
            } else if (params && Object.values(params).flat().some((value) => value instanceof Blob)) {
                [body, contentType] = await multipart(params);
            } else if (params && method !== "GET" && method !== "HEAD") {
                form = encode(params);
                [body, contentType] = [text.encode(form), FORM];
            } else if (params) {
                const query = encode(params);
                if (query) path += (path.includes("?") ? "&" : "?") + query;
            }
            const url = new URL(this.base + path, location.href);
            const all = new Headers(headers);
            if (contentType) all.set("content-type", contentType);
            if (this.#login && !all.has(this.signatureName)) {
                const sum = body && form === undefined ? await checksum(body) : "";
                const signed = { method, path: url.pathname + url.search, host: url.hostname, query: form, contentType, checksum: sum };
                all.set(this.signatureName, await this.sign(signed));
            }
            try {
                return await fetch(url, { method, headers: all, body, signal, cache: "no-store" });
            } catch (error) {
                if (error.name === "AbortError") throw error;
                throw new BkjsError(0, "the server does not answer");
            }
        }

        /** Takes the clock of a server that refused a signature as expired; whether that can help. */
        #adjust(response) {
            const ahead = Date.parse(response.headers.get("date")) - Date.now();
            if (!this.#login || !(Math.abs(ahead - this.clock) > this.life / 2)) return false;
            this.clock = ahead;
            return true;
        }

        /**
         * Calls `onevent` with each event of the account until the function that is answered is called.
         *
         * Options: `match` (a regular expression), `onlisten` (listening has begun, again after a break),
         * `onmissed` (events may be missing: read anew what is shown), `onerror`.
         */
        subscribe(onevent, { match, onlisten, onmissed, onerror } = {}) {
            const stop = new AbortController();
            const listen = async () => {
                for (let wait = 1; !stop.signal.aborted; wait = Math.min(wait * 2, 30)) {
                    try {
                        const headers = { accept: "text/event-stream" };
                        const options = { params: match ? { match } : undefined, headers, signal: stop.signal, raw: true };
                        const response = await this.request("/account/subscribe", options);
                        onlisten?.();
                        wait = 0.5;
                        for await (const { event, data } of events(response.body)) {
                            if (event === "missed") onmissed?.();
                            else if (data) onevent(parse(data));
                        }
                    } catch (error) {
                        if (stop.signal.aborted) return;
                        onerror?.(error);
                        if (error.status >= 400 && error.status < 500 && error.status !== 429) return;
                    }
                    onmissed?.();
                    await new Promise((done) => setTimeout(done, wait * 1000 * (0.5 + Math.random())));
                }
            };
            listen();
            return () => stop.abort();
        }

        /**
         * Opens a WebSocket, where the server has `ws-port`: requests are messages, the login of now is that of all.
         * Answers a Socket; `onclose` is called with the code and reason of its end.
         */
        async connect({ onclose } = {}) {
            const url = new URL(this.base || "/", location.href);
            url.protocol = url.protocol.replace("http", "ws");
            if (this.#login) url.search = encode({ [this.signatureName]: await this.sign({ path: url.pathname }) });
            const socket = new WebSocket(url);
            await new Promise((done, failed) => {
                socket.onopen = done;
                socket.onerror = () => failed(new BkjsError(0, "the server opens no WebSocket"));
            });
            return new Socket(socket, onclose);
        }

        /** As `request`, with callbacks: `Bkjs.send({ url, params, complete }, success, failure)`. */
        send(options, success, failure) {
            const { url, complete, ...rest } = typeof options === "string" ? { url: options } : options;
            this.request(url, rest)
                .then((answer) => success?.(answer.data, answer), (error) => failure?.(error))
                .finally(() => complete?.());
        }
    }

    /** Requests over a WebSocket. */
    class Socket {
        #waiting = new Map();
        #last = 0;

        constructor(socket, onclose) {
            this.socket = socket;
            socket.onmessage = ({ data }) => this.#take(parse(data));
            socket.onclose = ({ code, reason }) => {
                this.#waiting.forEach(({ failed }) => failed(new BkjsError(0, `the connection has ended: ${reason || code}`)));
                this.#waiting.clear();
                onclose?.(code, reason);
            };
        }

        /** Sends a request and answers the body of its reply; throws a BkjsError for a status of 400 or more. */
        request(path, params) {
            return this.#send(path, params);
        }

        /** Calls `onevent` with each event of the account; answers when it listens. */
        subscribe(onevent, { match, onmissed, onend } = {}) {
            return this.#send("/account/subscribe", match ? { match } : {}, { onevent, onmissed, onend });
        }

        close() {
            this.socket.close(1000);
        }

        #send(path, params, listener) {
            const id = ++this.#last;
            return new Promise((done, failed) => {
                this.#waiting.set(id, { done, failed, listener });
                this.socket.send(JSON.stringify({ id, path, params }));
            });
        }

        #take({ id, status, body, event, missed, end }) {
            const { done, failed, listener } = this.#waiting.get(id) ?? {};
            if (event) listener?.onevent(event);
            else if (missed) listener?.onmissed?.();
            else if (end) listener?.onend?.();
            else if (status >= 400) failed?.(new BkjsError(status, body?.message ?? "", body));
            else done?.(body);
            if (end || status >= 400 || (status && !listener)) this.#waiting.delete(id);
        }
    }

    function parse(json) {
        try {
            return JSON.parse(json);
        } catch {
            return json;
        }
    }

    /** A multipart body as bytes, for it is signed, and its type. */
    async function multipart(params) {
        const form = new FormData();
        for (const [name, values] of Object.entries(params)) {
            for (const value of Array.isArray(values) ? values : [values]) {
                if (value !== undefined) form.append(name, value);
            }
        }
        const made = new Response(form);
        return [new Uint8Array(await made.arrayBuffer()), made.headers.get("content-type")];
    }

    /** The events of a stream, https://html.spec.whatwg.org/multipage/server-sent-events.html */
    async function* events(stream) {
        const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        let event = {};
        for (;;) {
            const { value: chunk, done } = await reader.read();
            if (done) return;
            const lines = (rest + chunk).split("\n");
            rest = lines.pop();
            for (const line of lines) {
                if (!line) {
                    yield event;
                    event = {};
                    continue;
                }
                const [, name, value] = /^([^:]*):? ?(.*?)\r?$/.exec(line);
                if (name === "data") event.data = event.data === undefined ? value : `${event.data}\n${value}`;
                else if (name) event[name] = value;
            }
        }
    }

    globalThis.Bkjs = Object.assign(new Client(), { Client, Error: BkjsError, encode, hmac });
})();
