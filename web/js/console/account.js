// Who is signed in: the button in the bar and its dialog. Nothing secret is stored: a session cookie, which scripts
// cannot read, survives a reload; the secret lives in this page only.
import { $, make } from "./dom.js";

let who = null;
const followers = [];

/** Calls back now and whenever somebody signs in or out, with the login record or null. */
export function follow(callback) {
    followers.push(callback);
    callback(who);
}

function become(account) {
    who = account;
    $("account").textContent = account ? account.name || account.login : "Sign in";
    $("account").title = account ? `${account.login}: sign out` : "";
    followers.forEach((callback) => callback(account));
}

const WAYS = {
    secret: { title: "Sign in", does: "Sign in", label: "Secret", note: "Requests are signed with it; it is not sent." },
    password: { title: "Sign in", does: "Sign in", label: "Password", note: "It is sent once, for a session." },
    add: { title: "Create an account", does: "Create", label: "Secret", note: "Requests are signed with it: keep it." },
};

async function enter(way, { login, secret, name }) {
    if (way === "password") return Bkjs.logIn(login, secret);
    if (way === "add") await Bkjs.post("/account/add", { login, secret, name });
    await Bkjs.verify(login, secret);
    return (await Bkjs.get("/auth", { _session: 1 })).data;
}

function field(label, properties) {
    const input = make("input", { required: true, spellcheck: false, ...properties });
    const caption = make("span", {}, label);
    return { input, caption, row: make("label", {}, caption, input) };
}

/** Asks who it is; the dialog closes when that worked. */
export function signIn() {
    const login = field("Login", { name: "login", autocomplete: "username" });
    const name = field("Name", { name: "name", autocomplete: "name" });
    const secret = field("Secret", { name: "secret", type: "password", autocomplete: "current-password" });
    const [title, note, problem] = [make("h2"), make("p", { className: "soft" }), make("p", { className: "error", role: "alert" })];
    const go = make("button", { className: "main" });
    const close = make("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
    const radio = (value, text) =>
        make("label", {}, make("input", { type: "radio", name: "way", value, checked: value === "secret", onchange: choose }), text);
    const ways = make("fieldset", { className: "ways", ariaLabel: "How" },
        radio("secret", "With a secret"), radio("password", "With a password"), radio("add", "Create an account"));
    const row = make("div", { className: "row" }, close, go);
    const form = make("form", { onsubmit: submit }, title, ways, name.row, login.row, secret.row, note, problem, row);
    const dialog = make("dialog", { onclose: () => dialog.remove() }, form);
    const chosen = () => form.elements.way.value;

    function choose() {
        const way = WAYS[chosen()];
        title.textContent = way.title;
        note.textContent = way.note;
        go.textContent = way.does;
        secret.caption.textContent = way.label;
        name.row.hidden = !(name.input.required = chosen() === "add");
        problem.textContent = "";
    }

    async function submit(event) {
        event.preventDefault();
        go.disabled = true;
        problem.textContent = "";
        try {
            become(await enter(chosen(), Object.fromEntries(new FormData(form))));
            dialog.close();
        } catch (error) {
            problem.textContent = error.message;
        }
        go.disabled = false;
    }

    choose();
    document.body.append(dialog);
    dialog.showModal();
    login.input.focus();
}

$("account").onclick = async () => {
    if (!who) return signIn();
    await Bkjs.post("/logout").catch(() => {});
    Bkjs.signOut();
    become(null);
};

Bkjs.resume().then((account) => account && become(account), () => {});
