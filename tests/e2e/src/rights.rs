//! The rights that the manifest under deploy/ gives.

use std::path::Path;

use anyhow::{Result, bail};
use cluster::Namespace;

/// Binds what the manifest grants, in this namespace, and nothing else.
///
/// Applied on the server's side: tests grant at the same time what is not of a namespace, and only there is "make it, or change what is
/// there" one step. kubectl's own apply looks first and makes then, so that one of two is refused.
pub fn grant(namespace: &Namespace<'_>) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/kubernetes/rights.yaml");
    let manifest =
        std::fs::read_to_string(path)?.replace("namespace: shop", &format!("namespace: {}", namespace.name()));
    let output = namespace.plane().kubectl_output(&["apply", "--server-side", "-f", "-"], &manifest)?;
    if !output.status.success() {
        bail!("the rights are not taken: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}
