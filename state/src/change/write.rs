//! Before a write, read: what a fresh look at a workload means for the step that is to be written, and the patch for it.
//!
//! Every patch tests the old value of each field that it touches, and our marker. It never names a `resourceVersion`,
//! because status updates would then get in its way for ever, and it never forces anything.

use serde_json::{Value, json};

use super::outcome::Overtaken;
use super::patch::PatchStep;
use super::{Held, Pin, WorkloadWork, Written};
use crate::names::ChangeId;
use crate::rollout::seen::{MARKER_ANNOTATION, Marker, MarkerStep, WorkloadSeen};
use crate::template::{Template, TemplateHash};

/// What is to be written to a workload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Intent<'a> {
    /// What was asked for.
    Apply,
    /// A pause, over what our earlier write left.
    Hold(&'a Written),
    /// What ran before, over what our earlier write left.
    Return {
        /// The earlier write.
        over: &'a Written,
        /// Images that need their digest.
        pins: &'a [Pin],
        /// The place of the workload.
        place: usize,
    },
    /// Nothing but the marker, so that a write which is still on its way fails its test.
    Fence,
}

/// What a fresh look means for the intent.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It is done already; this is what it left.
    Done {
        /// The generation at which it stands.
        generation: i64,
        /// The template.
        template: TemplateHash,
    },
    /// Write this.
    Patch(Vec<PatchStep>),
    /// Somebody else wrote: nothing more is to be written.
    Overtaken(Overtaken),
    /// Somebody paused it before we wrote anything.
    Paused,
    /// The workload is gone.
    Missing,
}

/// Decides. `seen` has been read a moment ago; `now` is used for nothing but to name the write.
pub fn decide(intent: Intent<'_>, item: &WorkloadWork, change: ChangeId, seen: Option<&WorkloadSeen>) -> Decision {
    let Some(seen) = seen else {
        return Decision::Missing;
    };
    if seen.uid != item.uid {
        return Decision::Overtaken(Overtaken::Recreated);
    }
    match intent {
        Intent::Apply => apply(item, change, seen),
        Intent::Hold(over) => hold(over, change, seen),
        Intent::Return { over, pins, place } => go_back(over, pins, place, item, change, seen),
        Intent::Fence => fence(change, seen),
    }
}

/// The template that a return writes: the baseline's, byte for byte, but for tags that moved.
pub fn return_template(item: &WorkloadWork, pins: &[Pin], place: usize) -> Template {
    let baseline = Template::new(item.baseline.template.clone());
    let pinned = pins.iter().filter(|pin| pin.workload == place).map(|pin| (&pin.container, pin.image.to_string()));
    baseline.with_images(pinned)
}

fn apply(item: &WorkloadWork, change: ChangeId, seen: &WorkloadSeen) -> Decision {
    let ours = seen.our_marker().filter(|marker| marker.change == change).map(|marker| marker.step);
    // Our fence stands where an earlier try was given up: nothing was written, and nothing late can be any more.
    let fenced = ours == Some(MarkerStep::Fence);
    if ours.is_some() && !fenced {
        return done_or_undone(seen, ours == Some(MarkerStep::Apply), expected(item, seen));
    }
    if seen.template.hash() != item.found || (seen.marker != item.found_marker && !fenced) {
        return Decision::Overtaken(Overtaken::Template);
    }
    if seen.paused != item.resumes {
        return Decision::Paused;
    }
    let mut patch = mark(seen, change, MarkerStep::Apply);
    if item.resumes {
        patch.push(PatchStep::Test("/spec/paused".to_owned(), json!(true)));
        patch.push(PatchStep::Remove("/spec/paused".to_owned()));
    }
    match &item.template {
        Some(whole) => patch.extend(replace_template(seen, whole.clone())),
        None => patch.extend(replace_images(item, seen)),
    }
    Decision::Patch(patch)
}

/// After a crash the template that our write returned is not known; it is the one we read with our images in it. What
/// stands there now gives it back, if nobody else touched it: the images are ours, the rest is as it was found.
fn expected(item: &WorkloadWork, seen: &WorkloadSeen) -> Option<TemplateHash> {
    if let Some(whole) = &item.template {
        return Some(Template::new(whole.clone()).hash());
    }
    let back = seen.template.with_images(item.images.iter().map(|new| (&new.container, new.from.clone())));
    let stands = item.images.iter().all(|new| seen.template.image_of(&new.container) == Some(&new.to.to_string()));
    (back.hash() == item.found && stands).then(|| seen.template.hash())
}

fn hold(over: &Written, change: ChangeId, seen: &WorkloadSeen) -> Decision {
    if seen.template.hash() != over.template {
        return Decision::Overtaken(Overtaken::Template);
    }
    if marker_is(seen, change, MarkerStep::Hold) {
        return done_or_undone(seen, seen.paused, Some(over.template));
    }
    // Paused by somebody else in mid-rollout: what we want is so already, and it is theirs to lift.
    if seen.paused {
        return Decision::Paused;
    }
    let mut patch = mark(seen, change, MarkerStep::Hold);
    patch.push(PatchStep::Test("/spec/template".to_owned(), seen.template.json().clone()));
    patch.push(PatchStep::Test("/spec/paused".to_owned(), Value::Null));
    patch.push(PatchStep::Add("/spec/paused".to_owned(), json!(true)));
    Decision::Patch(patch)
}

fn go_back(
    over: &Written,
    pins: &[Pin],
    place: usize,
    item: &WorkloadWork,
    change: ChangeId,
    seen: &WorkloadSeen,
) -> Decision {
    let wanted = return_template(item, pins, place);
    if marker_is(seen, change, MarkerStep::Return) {
        return done_or_undone(seen, true, Some(wanted.hash()));
    }
    if seen.template.hash() != over.template {
        return Decision::Overtaken(Overtaken::Template);
    }
    let mut patch = mark(seen, change, MarkerStep::Return);
    if seen.paused && marker_is(seen, change, MarkerStep::Hold) {
        patch.push(PatchStep::Test("/spec/paused".to_owned(), json!(true)));
        patch.push(PatchStep::Remove("/spec/paused".to_owned()));
    }
    patch.extend(replace_template(seen, wanted.json().clone()));
    Decision::Patch(patch)
}

fn fence(change: ChangeId, seen: &WorkloadSeen) -> Decision {
    match seen.our_marker().filter(|marker| marker.change == change) {
        // The write that was given up had arrived after all, or the fence stands.
        Some(_) => Decision::Done { generation: seen.generation, template: seen.template.hash() },
        None => Decision::Patch(mark(seen, change, MarkerStep::Fence)),
    }
}

fn marker_is(seen: &WorkloadSeen, change: ChangeId, step: MarkerStep) -> bool {
    seen.our_marker() == Some(Marker { change, step })
}

fn done_or_undone(seen: &WorkloadSeen, right: bool, wanted: Option<TemplateHash>) -> Decision {
    let template = seen.template.hash();
    if right && wanted == Some(template) {
        return Decision::Done { generation: seen.generation, template };
    }
    Decision::Overtaken(Overtaken::Undone)
}

/// Puts our marker, if the one that was read is still there.
fn mark(seen: &WorkloadSeen, change: ChangeId, step: MarkerStep) -> Vec<PatchStep> {
    let path = format!("/metadata/annotations/{}", MARKER_ANNOTATION.replace('/', "~1"));
    let marker = Value::String(Marker { change, step }.to_string());
    if !seen.has_annotations {
        let annotations = "/metadata/annotations".to_owned();
        return vec![
            PatchStep::Test(annotations.clone(), Value::Null),
            PatchStep::Add(annotations, json!({ MARKER_ANNOTATION: marker })),
        ];
    }
    let old = seen.marker.clone().map_or(Value::Null, Value::String);
    vec![PatchStep::Test(path.clone(), old), PatchStep::Add(path, marker)]
}

fn replace_images(item: &WorkloadWork, seen: &WorkloadSeen) -> Vec<PatchStep> {
    let mut patch = Vec::new();
    for new in &item.images {
        let Some(index) = seen.template.index_of(&new.container) else { continue };
        let container = format!("/spec/template/spec/containers/{index}");
        patch.push(PatchStep::Test(format!("{container}/name"), json!(new.container)));
        patch.push(PatchStep::Test(format!("{container}/image"), json!(new.from)));
        patch.push(PatchStep::Replace(format!("{container}/image"), json!(new.to.to_string())));
    }
    patch
}

fn replace_template(seen: &WorkloadSeen, wanted: Value) -> [PatchStep; 2] {
    let path = "/spec/template".to_owned();
    [PatchStep::Test(path.clone(), seen.template.json().clone()), PatchStep::Replace(path, wanted)]
}

impl Held {
    /// Whether our pause stands there.
    pub fn paused(&self) -> bool {
        matches!(self, Held::Paused(_))
    }
}
