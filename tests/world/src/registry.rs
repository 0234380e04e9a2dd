//! The registries' port.

use std::sync::Arc;

use commands::ports::{Registry, RegistryFault, Resolved};
use futures::future::BoxFuture;
use state::fault::Fault;
use state::image::{Image, Repository};

use crate::Shared;
use crate::plan::Site;
use crate::process::ProcessId;
use crate::request::{Call, send};

/// The way of one process to the registries.
pub(crate) struct RegistryPort {
    shared: Arc<Shared>,
    process: ProcessId,
}

impl RegistryPort {
    pub(crate) fn new(shared: Arc<Shared>, process: ProcessId) -> Self {
        Self { shared, process }
    }
}

impl Registry for RegistryPort {
    fn configured(&self, repository: &Repository) -> bool {
        self.shared.with(|state| state.images.knows(repository))
    }

    fn resolve<'a>(&'a self, image: &'a Image) -> BoxFuture<'a, Result<Resolved, RegistryFault>> {
        let wanted = image.clone();
        send(
            Arc::clone(&self.shared),
            Call {
                process: self.process,
                site: Site::Resolve,
                text: image.to_string(),
                cluster: None,
                effect: Box::new(move |state| state.images.resolve(&wanted)),
                unanswered: |why| Err(RegistryFault::Unreachable(Fault::new(why))),
            },
        )
    }
}
