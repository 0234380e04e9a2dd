//! The one table of everything that `rotabot.toml` can hold: names, shapes, defaults, ranges, and what each is for.
//!
//! The reader refuses what is not here, the JSON Schema is made from here, and a test holds the example to it. Reading
//! the values is not here, and neither is what they mean together.

use std::time::Duration;

/// A table of the file.
#[derive(Debug)]
pub(super) struct Table {
    /// Its keys, in the order in which people should meet them.
    pub keys: &'static [Key],
    /// What it is for.
    pub about: &'static str,
}

/// A key of a table.
#[derive(Debug)]
pub(super) struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub need: Need,
    pub about: &'static str,
}

/// What follows where a key is left out.
#[derive(Debug)]
pub(super) enum Need {
    /// That is a fault.
    Required,
    /// It is not there.
    Optional,
    /// This value, as TOML writes it.
    Default(&'static str),
    /// What these words say.
    Otherwise(&'static str),
}

/// What a value looks like.
#[derive(Debug)]
pub(super) enum Shape {
    Text,
    /// A name of the catalogue, or of Kubernetes.
    Name,
    Flag,
    Duration {
        least: Duration,
        most: Duration,
    },
    Choice(&'static [&'static str]),
    /// A web address.
    Address,
    Path,
    /// The name of an environment variable.
    Variable,
    Zone,
    Date,
    /// A number that Discord gives to a person.
    DiscordId,
    Repository,
    List(&'static Shape),
    /// From names that are free to names or texts of one shape.
    Map(&'static Shape),
    One(&'static Table),
    /// A table per name.
    Many(&'static Table),
    /// A table per host of a registry.
    PerHost(&'static Table),
    /// A list of tables.
    Rows(&'static Table),
}

impl Table {
    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Shape {
    /// What it is, for a sentence that says what belongs there.
    pub(super) fn wanted(&self) -> String {
        let words = match self {
            Shape::Choice(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
                return quoted.join(" or ");
            }
            Shape::Text => "a text in quotes",
            Shape::Name => "a name in quotes",
            Shape::Flag => "true or false, without quotes",
            Shape::Duration { .. } => "a duration in quotes, such as \"90s\", \"10m\", \"2h\" or \"400d\"",
            Shape::Address => "a web address in quotes",
            Shape::Path => "a path in quotes",
            Shape::Variable => "the name of an environment variable in quotes",
            Shape::Zone => "a time zone in quotes, such as \"Asia/Shanghai\"",
            Shape::Date => "a day, such as 2026-11-30",
            Shape::DiscordId => "a Discord id in quotes, such as \"175928847299117063\"",
            Shape::Repository => "a repository in quotes, such as \"registry.example/shop/api\"",
            Shape::List(_) => "a list, such as [\"a\", \"b\"]",
            Shape::Map(_) => "a table, such as { api = \"registry.example/shop/api\" }",
            Shape::One(_) => "a table",
            Shape::Many(_) | Shape::PerHost(_) => "a table for each name",
            Shape::Rows(_) => "a list of tables, such as [{ name = \"api\", containers = { … } }]",
        };
        words.to_owned()
    }

    /// The table behind it, if there is one.
    pub(super) fn table(&self) -> Option<&'static Table> {
        match self {
            Shape::One(table) | Shape::Many(table) | Shape::PerHost(table) | Shape::Rows(table) => Some(table),
            _ => None,
        }
    }
}

/// Where a key belongs that was found elsewhere, as its table is written: `[environments.NAME]`.
pub(super) fn home_of(key: &str, is_table: bool) -> Option<String> {
    let fits = |found: &Key| {
        let takes_table = found.shape.table().is_some() || matches!(found.shape, Shape::Map(_));
        found.name == key && takes_table == is_table
    };
    homes(&ROOT, "").into_iter().find(|(key, _)| fits(key)).map(|(_, home)| home)
}

/// Every key with the table that it belongs to.
pub(super) fn homes(table: &'static Table, path: &str) -> Vec<(&'static Key, String)> {
    let title =
        if path.is_empty() { "the top of the file, before the first [table]".into() } else { format!("[{path}]") };
    let mut found: Vec<_> = table.keys.iter().map(|key| (key, title.clone())).collect();
    for key in table.keys {
        let below = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        match &key.shape {
            Shape::One(table) | Shape::Rows(table) => found.extend(homes(table, &below)),
            Shape::Many(table) => found.extend(homes(table, &format!("{below}.NAME"))),
            Shape::PerHost(table) => found.extend(homes(table, &format!("{below}.\"HOST\""))),
            _ => {}
        }
    }
    found
}

const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, need: Need::Required, about }
}

const fn optional(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, need: Need::Optional, about }
}

const fn default(name: &'static str, shape: Shape, text: &'static str, about: &'static str) -> Key {
    Key { name, shape, need: Need::Default(text), about }
}

const fn otherwise(name: &'static str, shape: Shape, words: &'static str, about: &'static str) -> Key {
    Key { name, shape, need: Need::Otherwise(words), about }
}

const fn between(least: u64, most: u64) -> Shape {
    Shape::Duration { least: Duration::from_secs(least), most: Duration::from_secs(most) }
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

const LANGUAGES: Shape = Shape::Choice(&["en", "zh-CN"]);
const NAMES: Shape = Shape::List(&Shape::Name);
const GRANTEES: Shape = Shape::List(&Shape::Text);

/// The whole file.
pub(super) static ROOT: Table = Table {
    about: "The configuration of rotabot.",
    keys: &[
        default("language", LANGUAGES, "\"en\"", "The language of whoever and whatever has none of its own."),
        optional("clusters", Shape::Many(&CLUSTER), "The Kubernetes clusters."),
        optional("registries", Shape::PerHost(&REGISTRY), "The image registries that may be asked for digests."),
        optional("channels", Shape::Many(&CHANNEL), "The channels that hear of changes."),
        optional("environments", Shape::Many(&ENVIRONMENT), "The environments, such as staging and prod."),
        optional("services", Shape::Many(&SERVICE), "The services."),
        optional("people", Shape::Many(&PERSON), "The people, those who left among them."),
        optional("on_call", Shape::One(&ON_CALL), "Who is on call."),
        default("console", Shape::One(&CONSOLE), "{}", "The console and its socket."),
        default("history", Shape::One(&HISTORY), "{}", "What is kept of the past."),
        default("log", Shape::One(&LOG), "{}", "The log, on standard error."),
    ],
};

static CLUSTER: Table = Table {
    about: "A Kubernetes cluster: how to reach it.",
    keys: &[
        otherwise(
            "context",
            Shape::Text,
            "needed unless in_cluster is set",
            "The context of the kubeconfig. There is no default: the current context changes under one's hands.",
        ),
        otherwise(
            "kubeconfig",
            Shape::Path,
            "what kubectl uses: $KUBECONFIG, else ~/.kube/config",
            "The kubeconfig file. A relative path starts at the folder of this file.",
        ),
        default(
            "in_cluster",
            Shape::Flag,
            "false",
            "Whether this is the cluster that rotabot itself runs in, reached by its service account.",
        ),
    ],
};

static REGISTRY: Table = Table {
    about: "An image registry: how to reach it.",
    keys: &[
        optional(
            "ca_file",
            Shape::Path,
            "A PEM file with the authority that signed its certificate, if it is your own.",
        ),
        default("plain_http", Shape::Flag, "false", "Whether it is spoken to without TLS."),
        optional("username", Shape::Text, "The user name, if it wants one."),
        optional("username_env", Shape::Variable, "The environment variable that holds the user name."),
        optional("username_file", Shape::Path, "The file that holds the user name."),
        optional("password_env", Shape::Variable, "The environment variable that holds the password or token."),
        optional("password_file", Shape::Path, "The file that holds the password or token."),
    ],
};

static CHANNEL: Table = Table {
    about: "A channel.",
    keys: &[otherwise(
        "language",
        LANGUAGES,
        "the language at the top of the file",
        "The language of what is said to all in it.",
    )],
};

static ENVIRONMENT: Table = Table {
    about: "An environment: where it is, who may do what in it, and how a change is carried out and judged.",
    keys: &[
        otherwise("cluster", Shape::Name, "the only cluster, where there is just one", "The cluster that it is in."),
        required("namespace", Shape::Name, "The namespace in that cluster."),
        otherwise(
            "channel",
            Shape::Name,
            "the only channel, where there is just one",
            "The channel that hears of its changes.",
        ),
        default(
            "mode",
            Shape::Choice(&["act", "watch"]),
            "\"act\"",
            "act: carries changes out. watch: shows what runs there, refuses every change, and writes nothing.",
        ),
        default(
            "after_failure",
            Shape::Choice(&["rollback", "hold", "ask"]),
            "\"ask\"",
            "What is done when a release fails: rollback returns to what ran before; hold stops the rollout where it stands, and locks; ask does the same, and asks.",
        ),
        default("ask_for", between(1, 7 * DAY), "\"10m\"", "How long the question waits for an answer."),
        default("unanswered", Shape::Choice(&["rollback", "hold"]), "\"hold\"", "What is done when nobody answered."),
        default(
            "stability_window",
            between(0, DAY),
            "\"60s\"",
            "How long all pods must stay good once the rollout is complete.",
        ),
        default("progress_deadline", between(1, DAY), "\"10m\"", "How long a rollout may go without progress."),
        default(
            "certain_after",
            between(1, HOUR),
            "\"60s\"",
            "How long a new pod may show the same certain sign of failure, such as an image that can't be pulled.",
        ),
        default(
            "logs_in_chat",
            Shape::Choice(&["redacted", "link", "off"]),
            "\"redacted\"",
            "redacted: the last lines of a failing pod's log, secrets taken out. link: only the command that shows them. off: logs are never read.",
        ),
        default(
            "allow",
            Shape::One(&ALLOW),
            "{}",
            "Who may do what: everyone, on-call, owner, the name of a role, or person:NAME.",
        ),
    ],
};

static ALLOW: Table = Table {
    about: "Who may do what in this environment. A list replaces its default; an empty one means nobody.",
    keys: &[
        default("view", GRANTEES, "[\"everyone\"]", "Look at what runs and what happened."),
        default("deploy", GRANTEES, "[\"owner\", \"on-call\", \"admin\"]", "Deploy."),
        default(
            "rollback",
            GRANTEES,
            "[\"owner\", \"on-call\", \"admin\"]",
            "Roll back, and answer the question that a failure asks.",
        ),
        default("stop", GRANTEES, "[\"owner\", \"on-call\", \"admin\"]", "Stop a change under way."),
        default("lock", GRANTEES, "[\"owner\", \"on-call\", \"admin\"]", "Lock."),
        default("unlock", GRANTEES, "[\"on-call\", \"admin\"]", "Lift a lock that somebody else holds."),
        default("release", GRANTEES, "[\"admin\"]", "Free a parked change."),
    ],
};

static SERVICE: Table = Table {
    about: "A service.",
    keys: &[
        default("owners", NAMES, "[]", "The people who own it, shown where it fails."),
        optional("runbook", Shape::Address, "Its runbook."),
        optional("dashboard", Shape::Address, "Its dashboard."),
        otherwise("environments", NAMES, "all of them", "The environments that it runs in."),
        otherwise(
            "workloads",
            Shape::Rows(&WORKLOAD),
            "needed unless every environment has its own under `in`",
            "What it consists of in each environment. They are changed in this order, and judged together.",
        ),
        optional("in", Shape::Many(&PLACEMENT), "What differs in one environment."),
    ],
};

static PLACEMENT: Table = Table {
    about: "What differs in one environment.",
    keys: &[required(
        "workloads",
        Shape::Rows(&WORKLOAD),
        "What the service consists of in this environment, instead of its other workloads.",
    )],
};

static WORKLOAD: Table = Table {
    about: "A workload of a service.",
    keys: &[
        default("kind", Shape::Choice(&["Deployment"]), "\"Deployment\"", "What kind of object it is."),
        otherwise("name", Shape::Name, "the service's name", "The object's name."),
        required(
            "containers",
            Shape::Map(&Shape::Repository),
            "The containers that a deploy gives a new image, each with the repository that its images come from.",
        ),
    ],
};

static PERSON: Table = Table {
    about: "A person.",
    keys: &[
        default("roles", NAMES, "[]", "Their roles. Names are yours to choose; `admin` is in the defaults of `allow`."),
        otherwise(
            "language",
            LANGUAGES,
            "the language at the top of the file",
            "The language that rotabot speaks to them.",
        ),
        default("zone", Shape::Zone, "\"UTC\"", "Their time zone."),
        optional("unix", Shape::Text, "Their user name on the machine of the bot, by which the console knows them."),
        optional("discord", Shape::DiscordId, "Their id in Discord."),
        optional("gitlab", Shape::Text, "Their user name in GitLab."),
        optional(
            "left",
            Shape::Date,
            "The day they left. People are not deleted, so that the journal stays readable; from that day on they may do nothing.",
        ),
    ],
};

static ON_CALL: Table =
    Table { about: "Who is on call.", keys: &[required("person", Shape::Name, "The person on call.")] };

static CONSOLE: Table = Table {
    about: "The console and its socket.",
    keys: &[default(
        "as",
        NAMES,
        "[]",
        "The people in whose name others may speak on the console with --as. The journal shows both.",
    )],
};

static HISTORY: Table = Table {
    about: "What is kept of the past.",
    keys: &[default(
        "keep",
        between(DAY, 3650 * DAY),
        "\"400d\"",
        "How long ended changes are kept, with their evidence.",
    )],
};

static LOG: Table = Table {
    about: "The log, on standard error.",
    keys: &[
        default("format", Shape::Choice(&["text", "json"]), "\"text\"", "How lines are written. --log goes before it."),
        default(
            "level",
            Shape::Choice(&["error", "warn", "info", "debug", "trace"]),
            "\"info\"",
            "How much is written. RUST_LOG goes before it.",
        ),
    ],
};
