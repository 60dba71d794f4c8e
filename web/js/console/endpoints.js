// The endpoints as /openapi.json describes them.

/** What a parameter is, in a word or two. */
function kind(schema = {}) {
    const types = [schema.type ?? schema.anyOf?.map((one) => one.type) ?? []].flat().filter((type) => type && type !== "null");
    if (schema.enum) return "one of";
    return types.map((type) => (type === "array" ? "list" : type === "string" ? "text" : type)).join(" or ");
}

function field(name, schema = {}, { description, required = false } = {}) {
    return {
        name,
        required,
        kind: kind(schema),
        choices: schema.enum,
        file: schema.format === "binary" || schema.contentEncoding === "binary" || Boolean(schema.contentMediaType),
        initial: schema.default,
        about: description ?? schema.description ?? "",
    };
}

/** Follows a reference within the document. */
function resolve(document, schema) {
    const path = schema?.$ref?.replace(/^#\//, "").split("/");
    return path ? path.reduce((at, key) => at?.[key], document) : schema;
}

function fields(document, operation, body) {
    const all = new Map();
    for (const one of operation.parameters ?? []) {
        const parameter = resolve(document, one);
        if (parameter?.in === "query" || parameter?.in === "path") {
            all.set(parameter.name, { ...field(parameter.name, parameter.schema, parameter), path: parameter.in === "path" });
        }
    }
    const schema = resolve(document, Object.values(body?.content ?? {}).at(-1)?.schema);
    for (const [name, one] of Object.entries(schema?.properties ?? {})) {
        const required = schema.required?.includes(name);
        if (!all.has(name)) all.set(name, field(name, resolve(document, one), { required }));
    }
    return [...all.values()];
}

/** The endpoints of a document: `{ path, tag, summary, description, access, fields }`, in its order. */
export function endpoints(document) {
    return Object.entries(document.paths ?? {}).map(([path, item]) => {
        const operation = item.get ?? item.post ?? Object.values(item)[0];
        const multipart = item.post?.requestBody?.content?.["multipart/form-data"];
        return {
            path,
            tag: operation.tags?.[0] ?? path.split("/")[1],
            summary: operation.summary ?? path,
            description: operation.description ?? "",
            access: operation["x-access"] ?? "",
            fields: fields(document, operation, multipart ? { content: { multipart } } : item.post?.requestBody),
        };
    });
}
