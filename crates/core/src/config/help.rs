//! The parameters as text for a terminal, and as the reference page.

use regex::RegexBuilder;

use super::{Config, ParamInfo, Registry};

const WIDTH: usize = 100;
const INDENT: &str = "    ";

impl Config {
    /// As [`Registry::help_text`], with the values that stand and where they were said.
    pub fn help_text(&self, pattern: &str) -> String {
        help_text(&self.list(), pattern)
    }
}

impl Registry {
    /// A table of the parameters whose name or help matches the pattern (a regular expression, or a plain text
    /// where it is none), all when it is empty; at most 100 columns wide.
    pub fn help_text(&self, pattern: &str) -> String {
        help_text(&self.list(), pattern)
    }

    /// The reference page in Markdown: a table for each component.
    pub fn reference_markdown(&self) -> String {
        let mut text = String::from("# Parameters\n");
        let mut section = "";
        for param in self.list() {
            if section != param.section {
                section = param.section;
                let (title, more) = section.split_once('\n').unwrap_or((section, ""));
                text.push_str(&format!("\n## {}\n\n", title.trim_end_matches('.')));
                if !more.is_empty() {
                    text.push_str(&format!("{more}\n\n"));
                }
                text.push_str(TABLE_HEAD);
            }
            let cells = [
                format!("`{}`", param.name),
                param.kind.clone(),
                format!("{}{}", param.default, bounds(&param)),
                change(&param).to_owned(),
                param.help.to_owned(),
            ];
            let cells = cells.map(|cell| cell.replace('\n', " ").replace('|', "\\|"));
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        }
        text
    }
}

const TABLE_HEAD: &str = "| parameter | type | default | change | meaning |\n|---|---|---|---|---|\n";

fn help_text(list: &[ParamInfo], pattern: &str) -> String {
    let build = |p: &str| RegexBuilder::new(p).case_insensitive(true).size_limit(1 << 20).build();
    let Ok(regex) = build(pattern).or_else(|_| build(&regex::escape(pattern))) else { return String::new() };
    let mut text = String::new();
    let mut section = "";
    for param in list.iter().filter(|p| regex.is_match(&p.name) || regex.is_match(p.help)) {
        if section != param.section {
            section = param.section;
            let title = section.lines().next().unwrap_or_default();
            text.push_str(&format!("{}{title}\n\n", if text.is_empty() { "" } else { "\n" }));
        }
        text.push_str(&one(param));
    }
    text
}

fn one(param: &ParamInfo) -> String {
    let default = if param.default.is_empty() { "-" } else { &param.default };
    let facts = format!("{:<16} {default}{} ({})", param.kind, bounds(param), change(param));
    let mut text = format!("{:<36} ", param.name);
    if text.len() + facts.len() > WIDTH {
        text = format!("{}\n{INDENT}", param.name); // beside each other they are too wide
    }
    text.push_str(&facts);
    text.push('\n');
    for paragraph in param.help.lines() {
        wrap(paragraph, &mut text);
    }
    if let (Some(value), Some(source)) = (&param.value, &param.source) {
        wrap(&format!("now {} from {}", value.replace('\n', " + "), source), &mut text);
    }
    text
}

fn bounds(param: &ParamInfo) -> String {
    match (param.min, param.max) {
        (Some(min), Some(max)) => format!(" [{min} to {max}]"),
        (Some(min), None) => format!(" [from {min}]"),
        (None, Some(max)) => format!(" [to {max}]"),
        (None, None) => String::new(),
    }
}

fn change(param: &ParamInfo) -> &'static str {
    match (param.planned, param.live) {
        (true, _) => "no effect yet",
        (false, true) => "live",
        (false, false) => "restart",
    }
}

/// Adds the text in indented lines of at most the width; a longer word is cut.
fn wrap(paragraph: &str, text: &mut String) {
    let room = WIDTH - INDENT.len();
    let mut line = String::new();
    let mut flush = |line: &mut String| {
        if !line.is_empty() {
            text.push_str(INDENT);
            text.push_str(line);
            text.push('\n');
            line.clear();
        }
    };
    for word in paragraph.split_whitespace() {
        let mut letters: Vec<char> = word.chars().collect();
        if !line.is_empty() && line.chars().count() + 1 + letters.len() > room {
            flush(&mut line);
        }
        while letters.len() > room {
            line.extend(letters.drain(..room));
            flush(&mut line);
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(letters);
    }
    flush(&mut line);
}
