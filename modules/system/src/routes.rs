//! Paths and their handlers, in the order of the documentation.

use std::collections::BTreeMap;

use bkjs_api::{Endpoint, Gives};

use crate::{cache, control, health, metrics, stats};

pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::new("/system/restart", control::restart)
            .does("Replaces the web processes one at a time, without losing a connection.")
            .gives(Gives::empty()),
        Endpoint::new("/system/config/init", control::read_config)
            .does("Has every process read its configuration again.")
            .gives(Gives::empty()),
        Endpoint::new("/system/params/get", control::params)
            .does("The parameters that are set, by name; secrets are masked.")
            .gives(Gives::value::<BTreeMap<String, String>>()),
        Endpoint::new("/system/params/info", control::params_info)
            .does("All parameters with type, default, value and source.")
            .gives(Gives::value::<Vec<control::Described>>()),
        Endpoint::new("/system/cache/get", cache::get)
            .does("A value of the cache.")
            .gives(Gives::value::<cache::Answer<String>>().or(Gives::empty())),
        Endpoint::new("/system/cache/put", cache::put)
            .also("/system/cache/set")
            .does("Puts a value into the cache.")
            .takes::<control::Said>()
            .gives(Gives::empty()),
        Endpoint::new("/system/cache/incr", cache::incr)
            .does("Adds to a value of the cache.")
            .gives(Gives::value::<cache::Answer<i64>>()),
        Endpoint::new("/system/cache/del", cache::del)
            .does("Removes a value from the cache.")
            .gives(Gives::empty()),
        Endpoint::new("/system/cache/keys", cache::keys)
            .does("The names of values in the cache.")
            .gives(Gives::value::<cache::Answer<Vec<String>>>()),
        Endpoint::new("/system/cache/clear", cache::clear)
            .does("Removes values from the cache, and says how many.")
            .gives(Gives::value::<cache::Answer<u64>>()),
        Endpoint::new("/system/cache/stats", cache::stats)
            .does("What a cache says of itself.")
            .gives(Gives::value::<cache::Stats>()),
        Endpoint::new("/system/cache/init", cache::init)
            .does("Has every process forget what it keeps.")
            .gives(Gives::empty()),
        Endpoint::new("/system/jobs/send", control::send_job)
            .also("/system/jobs/submit")
            .does("Submits a job.")
            .takes::<control::Submitted>()
            .takes_others(
                "What else stands in `etc/crontab` beside a job, as `queueName`, `delay`, `uniqueKey`.",
            )
            .gives(Gives::value::<control::Id>())
            .fails(&[409]),
        Endpoint::new("/system/queue/publish", control::publish)
            .does("Publishes a message to a channel.")
            .takes::<control::Said>()
            .gives(Gives::empty()),
        Endpoint::new("/system/queue/init", control::restart_workers)
            .does("Replaces the worker processes one at a time: they open their queues anew.")
            .gives(Gives::empty()),
        Endpoint::new("/system/msg/send", control::send_message)
            .does("Gives a system message to all processes, and to those of other hosts.")
            .gives(Gives::empty()),
        Endpoint::new("/system/msg/init", control::read_config)
            .does("As `/system/config/init`: has every process read with what it reaches others.")
            .gives(Gives::empty()),
        Endpoint::new("/system/stats/get", stats::get)
            .does("What all processes have counted, as numbers by name.")
            .gives(Gives::value::<serde_json::Map<String, serde_json::Value>>()),
        Endpoint::new("/health/live", health::live)
            .does("Whether the process answers.")
            .gives(Gives::value::<health::Said>()),
        Endpoint::new("/health/ready", health::ready)
            .does("Whether this process should be sent requests: 503 with what is down, and while it ends.")
            .gives(Gives::value::<health::Said>())
            .fails(&[503]),
        Endpoint::new("/health/detail", health::detail)
            .does("What was looked at, how long it took, and what is wrong with it.")
            .gives(Gives::value::<health::Detail>()),
        Endpoint::new("/metrics", metrics::metrics)
            .does("What all processes have counted, in the text format of Prometheus.")
            .gives(Gives::file("text/plain")),
    ]
}
