// Making elements without markup in strings, so that no reply can become a part of the page.

/** The element with an id. */
export const $ = (id) => document.getElementById(id);

/** Makes an element: properties, then children (elements or texts). */
export function make(tag, properties = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined || value === false) continue;
        if (name in element && name !== "list") element[name] = value;
        else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== undefined));
    return element;
}

/** Text whose pieces between backticks are code. */
export function prose(text) {
    return text.split("`").map((piece, i) => (i % 2 ? make("code", {}, piece) : piece));
}
