//! One service `api` in a namespace of its own, with images in a real registry, and a rotabot that looks after it.

use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use cluster::{ControlPlane, Deployment, Image, Kubeconfig, Namespace, Registry, RegistryOptions, until};
use serde_json::Value;

use crate::bot::{Bot, Build};
use crate::config::Config;
use crate::export::Recorded;
use crate::proxy::Proxy;
use crate::said::Said;

/// Far more than anything here takes, on a machine that builds beside it too.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// The registry that all tests of this process share.
pub fn registry() -> Result<&'static Registry> {
    static SHARED: OnceLock<Result<Registry, String>> = OnceLock::new();
    let started = || Registry::start(&RegistryOptions::default()).map_err(|error| format!("{error:#}"));
    SHARED.get_or_init(started).as_ref().map_err(|error| anyhow!("{error}"))
}

/// What a test wants.
pub struct Setup<'a> {
    namespace: Namespace<'a>,
    registry: &'a Registry,
    first: Image,
    kubeconfig: Kubeconfig,
    deployment: Option<Deployment>,
    config: Config,
    build: Option<Build>,
}

/// A running shop.
pub struct Shop<'a> {
    // Dropped in this order: rotabot first.
    pub bot: Bot,
    pub namespace: Namespace<'a>,
    pub registry: &'a Registry,
    /// What runs at first: `api:v1`.
    pub first: Image,
    config: Config,
    kubeconfig: Kubeconfig,
}

impl<'a> Setup<'a> {
    /// Three pods of `api:v1`, written with its digest as an earlier deploy would have, on the shared control plane and the shared registry.
    pub fn new() -> Result<Setup<'static>> {
        Setup::on(ControlPlane::shared()?, registry()?)
    }

    /// The same, with a proxy before the API server.
    pub fn behind_a_proxy() -> Result<(Proxy, Setup<'static>)> {
        let plane = ControlPlane::shared()?;
        let proxy = Proxy::start(plane)?;
        let kubeconfig = proxy.before(plane.kubeconfig());
        Ok((proxy, Setup::on(plane, registry()?)?.kubeconfig(kubeconfig)))
    }

    pub fn on(plane: &'a ControlPlane, registry: &'a Registry) -> Result<Self> {
        let namespace = plane.namespace()?;
        let name = format!("{}/api", namespace.name());
        let image = registry.push(&name, "v1")?;
        let config = Config::new(namespace.name(), &image.repository).plain_registry(registry.address());
        let deployment = Deployment::new("api", &image.pinned()).replicas(3).progress_deadline(600);
        let (kubeconfig, deployment) = (plane.kubeconfig(), Some(deployment));
        Ok(Self { namespace, registry, first: image, kubeconfig, deployment, config, build: None })
    }

    /// Sets a key of the policy, with its value as TOML has it.
    pub fn policy(self, key: &'static str, value: &str) -> Self {
        self.configured(|config| config.policy(key, value))
    }

    pub fn configured(mut self, change: impl FnOnce(Config) -> Config) -> Self {
        self.config = change(self.config);
        self
    }

    pub fn deployment(mut self, change: impl FnOnce(Deployment) -> Deployment) -> Self {
        self.deployment = self.deployment.map(change);
        self
    }

    /// The namespace stays empty.
    pub fn without_deployment(mut self) -> Self {
        self.deployment = None;
        self
    }

    /// Runs this rotabot.
    pub fn build(mut self, build: Build) -> Self {
        self.build = Some(build);
        self
    }

    /// Reaches the cluster with this.
    pub fn kubeconfig(mut self, kubeconfig: Kubeconfig) -> Self {
        self.kubeconfig = kubeconfig;
        self
    }

    pub fn namespace(&self) -> &Namespace<'a> {
        &self.namespace
    }

    /// The image of the first pods.
    pub fn first(&self) -> &Image {
        &self.first
    }

    /// Everything but rotabot runs; the Deployment is rolled out, unless it is paused or has no pods.
    pub fn prepare(self) -> Result<Shop<'a>> {
        let Self { namespace, registry, first, kubeconfig, deployment, config, build } = self;
        let bot = Bot::of(build.map_or_else(Build::beside_the_test, Ok)?, &config, &kubeconfig)?;
        let shop = Shop { bot, namespace, registry, first, config, kubeconfig };
        if let Some(deployment) = &deployment {
            shop.namespace.create_object("deployments", &deployment.json())?;
            if deployment.json()["spec"]["paused"] != true {
                shop.namespace.wait_rolled_out("api", PATIENCE)?;
            }
        }
        Ok(shop)
    }

    /// All of it runs.
    pub fn start(self) -> Result<Shop<'a>> {
        let shop = self.prepare()?;
        shop.bot.start()?;
        Ok(shop)
    }
}

impl Shop<'_> {
    /// Another configuration, from the next start of rotabot on.
    pub fn reconfigure(&mut self, change: impl FnOnce(Config) -> Config) -> Result<()> {
        self.config = change(self.config.clone());
        self.bot.configure(&self.config, &self.kubeconfig)
    }

    /// Pushes an image whose tag says how it behaves.
    pub fn push(&self, tag: &str) -> Result<Image> {
        self.registry.push(&self.image_name(), tag)
    }

    /// The repository's name within its registry.
    pub fn image_name(&self) -> String {
        format!("{}/api", self.namespace.name())
    }

    /// Pushes, deploys, and waits for the outcome.
    pub fn deploy(&self, tag: &str) -> Result<Said> {
        self.push(tag)?;
        self.bot.say_wait(&format!("/deploy api prod {tag}"))
    }

    pub fn deployment(&self) -> Result<Value> {
        self.namespace.get("deployments", "api")
    }

    /// The image that stands in the pod template.
    pub fn image(&self) -> Result<String> {
        image_of(&self.deployment()?["spec"]["template"])
    }

    /// Our marker, as it stands in the annotation.
    pub fn marker(&self) -> Result<Option<String>> {
        let annotations = &self.deployment()?["metadata"]["annotations"];
        Ok(annotations["rotabot.dev/change"].as_str().map(str::to_owned))
    }

    /// The digests that ready pods run, each with how many run it.
    pub fn serving(&self) -> Result<Vec<(String, usize)>> {
        let mut digests: Vec<String> = Vec::new();
        for pod in self.namespace.pods()? {
            let conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
            let ready = conditions.iter().any(|one| one["type"] == "Ready" && one["status"] == "True");
            if ready && pod["metadata"]["deletionTimestamp"].is_null() {
                let reported = pod["status"]["containerStatuses"][0]["imageID"].as_str().unwrap_or_default();
                digests.push(reported.rsplit('@').next().unwrap_or_default().to_owned());
            }
        }
        digests.sort();
        let mut counted: Vec<(String, usize)> = Vec::new();
        for digest in digests {
            match counted.last_mut() {
                Some((last, count)) if *last == digest => *count += 1,
                _ => counted.push((digest, 1)),
            }
        }
        Ok(counted)
    }

    /// What is kept of a change.
    pub fn recorded(&self, number: u64) -> Result<Recorded> {
        self.bot.export()?.change(number)
    }

    /// What is kept of the change that this was about.
    pub fn record_of(&self, said: &Said) -> Result<Recorded> {
        self.recorded(said.change()?)
    }

    /// An error unless all ready pods run this image, and so many are ready.
    pub fn must_serve(&self, image: &Image, pods: usize) -> Result<()> {
        let serving = self.serving()?;
        if serving != [(image.digest.clone(), pods)] {
            bail!("{pods} pods of {} should serve, but {serving:?} do", image.pinned());
        }
        Ok(())
    }

    /// Waits until a change is in this phase, as its record has it.
    pub fn until_phase(&self, number: u64, phase: &str) -> Result<()> {
        until(&format!("#{number} in {phase}"), PATIENCE, || {
            let recorded = self.bot.export()?.change(number)?;
            if let Some(outcome) = recorded.outcome() {
                bail!("it has ended: {outcome}");
            }
            Ok((recorded.phase() == phase).then_some(()))
        })
        .with_context(|| self.bot.log())
    }

    /// Waits for the number of the change that a running `say` began.
    pub fn number_of(&self, saying: &crate::bot::Saying) -> Result<u64> {
        until("a change to be begun", PATIENCE, || Ok(saying.so_far().change().ok()))
    }
}

/// The image of the first container of a pod template.
fn image_of(template: &Value) -> Result<String> {
    let image = template["spec"]["containers"][0]["image"].as_str();
    Ok(image.context("a template without an image")?.to_owned())
}
