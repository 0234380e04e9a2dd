//! The first look at the clusters, which commands that are piped in wait for: a script would be refused for no other
//! reason than that it was quick. Whoever calls over the socket right after a start waits for it too, though not as long.

use std::collections::BTreeSet;
use std::time::Duration;

use commands::ports::Cluster;
use state::catalogue::{Catalogue, Target};
use state::names::ClusterName;

use crate::cli::complain;
use crate::console::{Shutdown, ends};

/// So long a first look may take: a kubeconfig may name a command that fetches a token.
const AT_MOST: Duration = Duration::from_secs(30);

/// Whoever waits longer than this is told for what.
const UNTOLD: Duration = Duration::from_secs(1);

/// Whoever calls over the socket is not kept waiting longer than this: they are told that nothing was seen yet.
const GLANCE_AT_MOST: Duration = Duration::from_secs(2);

const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until every place of the catalogue was seen once, or is known to be in trouble; not for ever, and not longer
/// than the process goes on.
pub(crate) async fn first_look(cluster: &dyn Cluster, catalogue: &Catalogue, shutdown: Shutdown) {
    look(cluster, catalogue, AT_MOST, shutdown).await;
}

/// The same, for a moment and without a word.
pub(crate) async fn glance(cluster: &dyn Cluster, catalogue: &Catalogue, mut shutdown: Shutdown) {
    let targets = targets(catalogue);
    tokio::select! {
        () = seen(cluster, &targets) => {}
        () = tokio::time::sleep(GLANCE_AT_MOST) => {}
        () = ends(&mut shutdown) => {}
    }
}

async fn look(cluster: &dyn Cluster, catalogue: &Catalogue, at_most: Duration, mut shutdown: Shutdown) {
    let targets = targets(catalogue);
    let seen = seen(cluster, &targets);
    let told = async {
        tokio::time::sleep(UNTOLD).await;
        complain(format_args!("waiting for the first look at {}", list(&unseen(cluster, &targets))));
        tokio::time::sleep(at_most.saturating_sub(UNTOLD)).await;
        let unseen = list(&unseen(cluster, &targets));
        complain(format_args!("{unseen} could not be looked at within {} s; going on without", at_most.as_secs()));
    };
    tokio::select! {
        () = seen => {}
        () = told => {}
        () = ends(&mut shutdown) => {}
    }
}

fn targets(catalogue: &Catalogue) -> Vec<Target> {
    catalogue.targets().filter_map(|name| catalogue.target(&name)).collect()
}

async fn seen(cluster: &dyn Cluster, targets: &[Target]) {
    while !unseen(cluster, targets).is_empty() {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The clusters of which nothing is known yet, not even that they are in trouble.
fn unseen(cluster: &dyn Cluster, targets: &[Target]) -> BTreeSet<ClusterName> {
    let unseen = |target: &&Target| !cluster.observe(target).fresh() && cluster.trouble(target).is_none();
    targets.iter().filter(unseen).map(|target| target.cluster.clone()).collect()
}

fn list(clusters: &BTreeSet<ClusterName>) -> String {
    clusters.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures::FutureExt as _;
    use state::catalogue::Person;
    use state::names::PersonName;
    use state::store::MemoryStore;
    use tokio::sync::watch;
    use tokio::time::timeout;
    use world::process::Process;
    use world::shop::Shop;

    use super::*;
    use crate::clock;
    use crate::runner::Ending;

    const PATIENCE: Duration = Duration::from_secs(20);
    const HOURS: Duration = Duration::from_secs(24 * 3600);

    /// A shop that nobody has looked at yet.
    fn shop() -> (Shop, Process) {
        let player: PersonName = "you".parse().expect("a name");
        let shop = Shop::open(clock::now().wall, &player, Person::default());
        let process = shop.world.start_process(Arc::new(MemoryStore::new()));
        (shop, process)
    }

    #[tokio::test]
    async fn a_script_waits_until_the_shop_was_seen() {
        let (shop, process) = shop();
        let (_ending, shutdown) = watch::channel(Ending::No);
        let mut looking = std::pin::pin!(look(&*process.cluster, &shop.catalogue, HOURS, shutdown));
        assert!(looking.as_mut().now_or_never().is_none(), "nothing was seen yet");
        for tick in 1..=50 {
            shop.advance(Duration::from_millis(100) * tick);
        }
        timeout(PATIENCE, looking).await.expect("all was seen");
    }

    #[tokio::test]
    async fn it_waits_neither_for_ever_nor_for_a_process_that_ends() {
        let (shop, process) = shop();
        let (ending, shutdown) = watch::channel(Ending::No);
        let short = look(&*process.cluster, &shop.catalogue, Duration::from_millis(10), shutdown.clone());
        timeout(PATIENCE, short).await.expect("an end");
        ending.send_replace(Ending::Asked);
        timeout(PATIENCE, look(&*process.cluster, &shop.catalogue, HOURS, shutdown)).await.expect("an end");
    }

    #[tokio::test]
    async fn a_glance_ends_once_all_was_seen_and_soon_where_nothing_is() {
        let (shop, process) = shop();
        let (_ending, shutdown) = watch::channel(Ending::No);
        timeout(PATIENCE, glance(&*process.cluster, &shop.catalogue, shutdown.clone())).await.expect("an end");
        let mut again = std::pin::pin!(glance(&*process.cluster, &shop.catalogue, shutdown));
        assert!(again.as_mut().now_or_never().is_none(), "nothing was seen yet");
        for tick in 1..=50 {
            shop.advance(Duration::from_millis(100) * tick);
        }
        timeout(PATIENCE, again).await.expect("all was seen");
    }
}
