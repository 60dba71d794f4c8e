// The console: choose an endpoint or type a path, send, look.
import "./account.js";
import { $ } from "./dom.js";
import { endpoints } from "./endpoints.js";
import { note, showHistory } from "./history.js";
import { mark, showList } from "./list.js";
import { show } from "./reply.js";
import { begin, current, showForm, toForm } from "./request.js";

let all = [];

/** The endpoint that a line is for: the one of its path, or whose `{...}` take the place of a part of it. */
function endpointOf(line) {
    const path = line.split("?")[0];
    const fits = ({ path: pattern }) => {
        const [own, other] = [pattern.split("/"), path.split("/")];
        return own.length === other.length && own.every((part, i) => part.startsWith("{") || part === other[i]);
    };
    return all.find((one) => one.path === path) ?? all.find(fits) ?? null;
}

function follow() {
    const endpoint = endpointOf($("path").value);
    showForm(endpoint);
    mark(endpoint?.path);
    toForm();
}

function choose(method, line) {
    $("method").value = method;
    $("path").value = line;
    follow();
    $("path").focus();
}

$("path").oninput = follow;

$("request").onsubmit = async (event) => {
    event.preventDefault();
    const { path, options } = current();
    if (!path.startsWith("/")) return show(path, null, new Error("a path begins with /"));
    $("send").disabled = true;
    let status = 0;
    try {
        const answer = await Bkjs.request(path, options);
        status = answer.status;
        show(path, answer);
    } catch (error) {
        status = error.status;
        show(path, error.answer, error);
    }
    $("send").disabled = false;
    note($("method").value, path, options, status);
    showHistory(choose);
};

showHistory(choose);
Bkjs.get("/openapi.json").then(({ data }) => {
    all = endpoints(data);
    showList(all, (endpoint) => {
        begin(endpoint);
        mark(endpoint.path);
        ($("fields").querySelector("input, select") ?? $("path")).focus();
    });
    if ($("path").value) follow();
}, (error) => {
    $("endpoints").textContent = `The list of endpoints is not available: ${error.message}. Type a path.`;
});
