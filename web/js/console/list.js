// The list of endpoints beside the request.
import { $, make } from "./dom.js";

/** Shows endpoints by tag; `choose` is called with the one that is clicked. */
export function showList(all, choose) {
    const tags = Map.groupBy ? Map.groupBy(all, ({ tag }) => tag) : group(all);
    const groups = [...tags].map(([tag, members]) => {
        const items = members.map((endpoint) => {
            const admin = endpoint.access === "admin";
            const lock = admin ? make("span", { className: "lock", title: "for administrators" }, "admin") : undefined;
            return make("li", {}, make("button", {
                type: "button", className: "mono", title: endpoint.summary, onclick: () => choose(endpoint),
            }, lock, endpoint.path));
        });
        return make("details", { open: true }, make("summary", {}, tag), make("ul", {}, ...items));
    });
    $("endpoints").replaceChildren(...groups);
}

function group(all) {
    const tags = new Map();
    for (const one of all) tags.set(one.tag, [...(tags.get(one.tag) ?? []), one]);
    return tags;
}

/** Marks the endpoint of a path. */
export function mark(path) {
    for (const button of $("endpoints").querySelectorAll("button")) {
        if (button.lastChild.textContent === path) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
    }
}

$("filter").oninput = () => {
    const wanted = $("filter").value.trim().toLowerCase();
    for (const details of $("endpoints").querySelectorAll("details")) {
        let found = 0;
        for (const item of details.querySelectorAll("li")) {
            const button = item.firstChild;
            const fits = `${button.lastChild.textContent} ${button.title}`.toLowerCase().includes(wanted);
            item.hidden = !fits;
            found += fits;
        }
        details.hidden = !found;
        if (wanted) details.open = true;
    }
};
