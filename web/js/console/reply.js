// Shows a reply: status, figures, and its body as coloured JSON, an image, text, or a file to save.
import { $, make } from "./dom.js";

const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g;

/** JSON as elements; everything from the reply is text in them. */
function coloured(value) {
    const json = JSON.stringify(value, null, 2);
    const out = make("pre", { className: "json", tabIndex: 0 });
    let at = 0;
    for (const match of json.matchAll(TOKENS)) {
        const [whole, text, colon, word] = match;
        out.append(json.slice(at, match.index));
        const className = text ? (colon ? "key" : "text") : word ? "word" : "number";
        out.append(make("span", { className }, text ?? whole));
        if (colon) out.append(colon);
        at = match.index + whole.length;
    }
    out.append(json.slice(at));
    return out;
}

let address = "";

function content(data, path) {
    URL.revokeObjectURL(address);
    if (!(data instanceof Blob)) return typeof data === "string" ? make("pre", { tabIndex: 0 }, data) : coloured(data);
    address = URL.createObjectURL(data);
    const name = path.split("?")[0].split("/").at(-1);
    if (data.type.startsWith("image/") && !data.type.includes("svg")) return make("img", { src: address, alt: `image from ${path}` });
    return make("p", {}, make("a", { href: address, download: name }, `Save ${data.type || "file"}`));
}

function bytes(size) {
    return size < 1024 ? `${size} B` : size < 1 << 20 ? `${(size / 1024).toFixed(1)} KB` : `${(size / (1 << 20)).toFixed(1)} MB`;
}

/** Shows an answer of `Bkjs.request`, or the error it threw. */
export function show(path, answer, error) {
    const { status = 0, data = error?.message, headers, size = 0, took } = answer ?? {};
    $("reply").hidden = false;
    $("status").textContent = status || "no answer";
    $("status").className = `badge ${status >= 200 && status < 400 ? "good" : "bad"}`;
    $("figures").textContent = answer ? `${Math.max(1, Math.round(took))} ms, ${bytes(size)}` : "";
    const parts = {
        body: content(data, path),
        headers: make("pre", { tabIndex: 0 }, [...(headers ?? [])].map(([name, value]) => `${name}: ${value}`).join("\n")),
    };
    const choose = (part) => {
        for (const name of ["body", "headers"]) $(`tab-${name}`).setAttribute("aria-selected", String(name === part));
        $("body").setAttribute("aria-labelledby", `tab-${part}`);
        $("body").replaceChildren(parts[part]);
    };
    for (const name of ["body", "headers"]) $(`tab-${name}`).onclick = () => choose(name);
    choose("body");
}
