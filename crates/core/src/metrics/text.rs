//! A report as Prometheus reads it: the text format, version 0.0.4.

use metrics::Key;
use metrics_exporter_prometheus::LabelSet;
use metrics_exporter_prometheus::formatting::{
    sanitize_metric_name, write_help_line, write_metric_line, write_type_line,
};

use super::distribution::{BOUNDS, Distribution};
use super::process::Process;
use super::report::{Report, Series};

/// The value of `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Numbers of a process by name, with what they mean.
type Number = (&'static str, &'static str, &'static str, fn(&Process) -> f64);

const PROCESS: [Number; 5] = [
    ("process_cpu_seconds_total", "counter", "Processor time of a process.", |p| p.cpu_seconds),
    ("process_resident_memory_bytes", "gauge", "Memory of a process.", |p| p.resident_bytes as f64),
    ("process_threads", "gauge", "Threads of a process.", |p| p.threads as f64),
    ("process_open_fds", "gauge", "Files and sockets that a process has open.", |p| p.open_files as f64),
    ("process_start_time_seconds", "gauge", "When a process began, since 1970.", |p| p.start_seconds),
];

/// The text of a report, sorted by name and labels.
pub fn write(report: &Report) -> String {
    let mut text = String::new();
    for (name, kind, help, number) in PROCESS {
        head(&mut text, name, kind, Some(help));
        for process in &report.processes {
            let labels = [("role", process.role.clone()), ("process", process.index.to_string())];
            line(&mut text, name, &labels_of(labels), number(process));
        }
    }
    family(&mut text, report, &report.counters, "counter", |text, name, labels, value| {
        line(text, name, labels, *value as f64);
    });
    family(&mut text, report, &report.gauges, "gauge", |text, name, labels, value| {
        line(text, name, labels, *value);
    });
    family(&mut text, report, &report.histograms, "histogram", histogram);
    text
}

fn family<T>(
    text: &mut String,
    report: &Report,
    all: &[Series<T>],
    kind: &str,
    one: impl Fn(&mut String, &str, &LabelSet, &T),
) {
    let mut all: Vec<&Series<T>> = all.iter().collect();
    all.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
    let mut last = "";
    for series in all {
        let name = sanitize_metric_name(&series.name);
        if last != series.name {
            head(text, &name, kind, report.texts.get(&series.name).map(String::as_str));
            last = &series.name;
        }
        one(
            text,
            &name,
            &labels_of(series.labels.iter().map(|(k, v)| (k.clone(), v.clone()))),
            &series.value,
        );
    }
}

fn histogram(text: &mut String, name: &str, labels: &LabelSet, value: &Distribution) {
    let mut up_to = 0;
    for (bound, count) in BOUNDS.iter().zip(value.buckets) {
        up_to += count;
        write_metric_line(text, name, Some("bucket"), labels, Some(("le", bound)), up_to, None);
    }
    write_metric_line(text, name, Some("bucket"), labels, Some(("le", "+Inf")), value.count, None);
    write_metric_line::<&str, _>(text, name, Some("sum"), labels, None, value.sum, None);
    write_metric_line::<&str, _>(text, name, Some("count"), labels, None, value.count, None);
}

fn head(text: &mut String, name: &str, kind: &str, help: Option<&str>) {
    if let Some(help) = help {
        write_help_line(text, name, None, None, help);
    }
    write_type_line(text, name, None, None, kind);
}

fn line(text: &mut String, name: &str, labels: &LabelSet, value: f64) {
    write_metric_line::<&str, _>(text, name, None, labels, None, value, None);
}

fn labels_of<K: Into<metrics::SharedString>>(labels: impl IntoIterator<Item = (K, String)>) -> LabelSet {
    let labels: Vec<metrics::Label> =
        labels.into_iter().map(|(name, value)| metrics::Label::new(name, value)).collect();
    LabelSet::from_key_and_global(&Key::from_parts("", labels), &Default::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_together_and_values_cannot_break_out() {
        let one = |name: &str, route: &str, value| Series {
            name: name.to_owned(),
            labels: vec![("route".to_owned(), route.to_owned())],
            value,
        };
        let mut timed = Distribution { count: 3, sum: 42.0, ..Distribution::default() };
        (timed.buckets[1], timed.buckets[3]) = (1, 1);
        let report = Report {
            processes: vec![Process { role: "web".to_owned(), resident_bytes: 7, ..Process::default() }],
            counters: vec![one("b", "/x", 1), one("a", "/x", 2), one("b", "/\"\n", 3)],
            histograms: vec![Series { name: "h".to_owned(), labels: Vec::new(), value: timed }],
            texts: [("b".to_owned(), "What b is.".to_owned())].into(),
            ..Report::default()
        };
        let text = write(&report);
        assert!(text.contains("process_resident_memory_bytes{role=\"web\",process=\"0\"} 7\n"), "{text}");
        let counts = "# TYPE a counter\na{route=\"/x\"} 2\n# HELP b What b is.\n# TYPE b counter\n\
                      b{route=\"/\\\"\\n\"} 3\nb{route=\"/x\"} 1\n# TYPE h histogram\n";
        assert!(text.contains(counts), "{text}");
        assert!(text.contains("h_bucket{le=\"0.0005\"} 0\nh_bucket{le=\"0.001\"} 1\n"), "{text}");
        assert!(
            text.contains("h_bucket{le=\"30\"} 2\nh_bucket{le=\"+Inf\"} 3\nh_sum 42\nh_count 3\n"),
            "{text}"
        );
    }
}
