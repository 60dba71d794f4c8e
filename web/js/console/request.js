// The request as it is being made: the line with its path, and the form of the endpoint. Both show the same; what is
// typed in one appears in the other.
import { $, make, prose } from "./dom.js";

let inputs = new Map();
let shown = null;
let pattern = "";

const isControl = (name) => name.startsWith("_");

function input({ name, kind, choices, file, required, initial, about, path }) {
    const properties = { name, onchange: toLine, oninput: toLine };
    let control;
    if (choices || kind === "boolean") {
        const options = ["", ...(choices ?? ["true", "false"])].map((one) => make("option", {}, String(one)));
        control = make("select", properties, ...options);
    } else {
        const type = file ? "file" : /secret|password/.test(name) ? "password" : "text";
        const numeric = kind === "integer" || kind === "number" ? "decimal" : undefined;
        const placeholder = initial === undefined || initial === null ? "" : JSON.stringify(initial);
        control = make("input", { ...properties, type, inputMode: numeric, placeholder, spellcheck: false, autocomplete: "off" });
    }
    inputs.set(name, { control, path });
    const star = required ? make("b", { className: "needed", title: "required" }, " *") : "";
    const caption = make("span", {}, make("code", {}, name, star), make("span", { className: "kind" }, file ? "file" : kind));
    return make("label", { className: "field" }, caption, control, about ? make("small", {}, ...prose(about)) : "");
}

/** Shows the form of an endpoint; none: nothing but the line. */
export function showForm(endpoint) {
    if (shown === endpoint) return;
    shown = endpoint;
    inputs = new Map();
    $("about").hidden = !endpoint;
    if (!endpoint) return;
    pattern = endpoint.path;
    $("summary").replaceChildren(...prose(endpoint.summary));
    $("description").replaceChildren(...prose(endpoint.description));
    const [plain, controls] = [endpoint.fields.filter((f) => !isControl(f.name)), endpoint.fields.filter((f) => isControl(f.name))];
    $("fields").replaceChildren(...plain.map(input));
    $("controls").replaceChildren(...controls.map(input));
    $("more").hidden = !controls.length;
}

/** Begins a request to an endpoint. */
export function begin(endpoint) {
    showForm(endpoint);
    inputs.forEach(({ control }) => (control.value = ""));
    const sends = endpoint.fields.some((f) => f.file || /secret|password/.test(f.name));
    $("method").value = sends ? "POST" : "GET";
    $("path").value = endpoint.path;
}

function values() {
    const all = {};
    for (const [name, { control, path }] of inputs) {
        if (path) continue;
        if (control.type === "file" && control.files.length) all[name] = control.files[0];
        else if (control.type !== "file" && control.value !== "") all[name] = control.value;
    }
    return all;
}

/** From the form to the line: with GET the query, with others the path alone. */
function toLine() {
    const path = pattern.replace(/\{(\w+)\}/g, (whole, name) => encodeURIComponent(inputs.get(name)?.control.value || "") || whole);
    const all = values();
    if (Object.values(all).some((value) => value instanceof File)) $("method").value = "POST";
    const query = $("method").value === "GET" ? Bkjs.encode(all) : "";
    $("path").value = path + (query && `?${query}`);
}

/** From the line to the form. */
export function toForm() {
    const [, query = ""] = $("path").value.split(/\?(.*)/s);
    const given = new URLSearchParams(query);
    for (const [name, { control, path }] of inputs) {
        if (control.type !== "file" && !path && (query || $("method").value === "GET")) control.value = given.getAll(name).join(",");
    }
}

$("method").onchange = () => shown && toLine();

/** The request as `Bkjs.request` takes it: `{ path, options }`. */
export function current() {
    const path = $("path").value.trim();
    const method = $("method").value;
    if (method === "GET") return { path, options: {} };
    const [bare, query = ""] = path.split(/\?(.*)/s);
    const params = { ...values(), ...Object.fromEntries(new URLSearchParams(query)) };
    if (method === "POST") return { path: bare, options: { method, params } };
    return { path: bare, options: { method: "POST", json: typed(params) } };
}

/** Texts as the JSON values they look like where the endpoint takes numbers, truths or more than one kind. */
function typed(params) {
    const kinds = new Map(shown?.fields.map((field) => [field.name, field.kind]));
    return Object.fromEntries(Object.entries(params).map(([name, value]) => {
        if (!/integer|number|boolean|list|object/.test(kinds.get(name) ?? "")) return [name, value];
        try {
            return [name, JSON.parse(value)];
        } catch {
            return [name, value];
        }
    }));
}
