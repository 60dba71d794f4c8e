// The last requests, kept in this browser without secrets.
import { $, make } from "./dom.js";

const KEY = "bkjs-history";
const MOST = 50;
const HIDDEN = /secret|password|token|signature/i;

function read() {
    try {
        return JSON.parse(localStorage.getItem(KEY)) ?? [];
    } catch {
        return [];
    }
}

function write(calls) {
    try {
        localStorage.setItem(KEY, JSON.stringify(calls));
    } catch {
        // Full or forbidden: the page works without.
    }
}

/** A request as a line; values that are secret are left out. */
function line(path, { params, json }) {
    const [bare, query = ""] = path.split(/\?(.*)/s);
    const pairs = [...new URLSearchParams(query), ...Object.entries(params ?? json ?? {})];
    const shown = pairs.filter(([name, value]) => !HIDDEN.test(name) && !(value instanceof Blob));
    const text = Bkjs.encode(Object.fromEntries(shown.map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : value])));
    return bare + (text && `?${text}`);
}

/** Notes a request and how it ended. */
export function note(method, path, options, status) {
    const call = { method, line: line(path, options), status, at: Date.now() };
    const others = read().filter((one) => one.method !== call.method || one.line !== call.line);
    write([call, ...others].slice(0, MOST));
}

/** Shows them; `choose` is called with the method and line of the one that is clicked. */
export function showHistory(choose) {
    const calls = read();
    $("history").hidden = !calls.length;
    $("calls").replaceChildren(...calls.map(({ method, line, status, at }) => make("tr", {},
        make("td", {}, make("span", { className: status >= 400 || !status ? "error" : "soft" }, String(status || "-"))),
        make("td", { className: "soft" }, method),
        make("td", { className: "call mono" }, make("button", { type: "button", onclick: () => choose(method, line) }, line)),
        make("td", { className: "soft" }, new Date(at).toLocaleTimeString()))));
    $("clear").onclick = () => {
        write([]);
        showHistory(choose);
    };
}
