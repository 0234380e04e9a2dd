//! Before a write, read: what a fresh look at a workload means for the step that is to be written, and the patch for it.
//!
//! Every patch tests the object's uid, our marker, and the old value of what it touches: the whole template where it
//! touches any of it, so that nobody's edit of another field comes to stand under our name. It never names a
//! `resourceVersion`, because status updates would then get in its way for ever, and it never forces anything.

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
    /// Nothing but the marker, so that a write of this step which is still on its way fails its test.
    Fence(MarkerStep),
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

/// Decides. `seen` has been read a moment ago.
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
        Intent::Fence(of) => fence(of, item, change, seen),
    }
}

/// The template that a return writes: the baseline's, byte for byte, but for tags that moved.
pub fn return_template(item: &WorkloadWork, pins: &[Pin], place: usize) -> Template {
    let baseline = Template::new(item.baseline.template.clone());
    let pinned = pins.iter().filter(|pin| pin.workload == place).map(|pin| (&pin.container, pin.image.to_string()));
    baseline.with_images(pinned)
}

fn apply(item: &WorkloadWork, change: ChangeId, seen: &WorkloadSeen) -> Decision {
    match step_of(seen, change) {
        Some(MarkerStep::Apply) => return done_or_undone(seen, true, expected(item, seen)),
        Some(MarkerStep::Hold | MarkerStep::Return) => return Decision::Overtaken(Overtaken::Undone),
        // Our fence has kept an earlier try away; this one may be made all the same.
        Some(MarkerStep::Fence) => {}
        None if seen.marker != item.found_marker => return Decision::Overtaken(Overtaken::Template),
        None => {}
    }
    if rolled_since(item, seen) {
        return Decision::Overtaken(Overtaken::Undone);
    }
    if seen.template.hash() != item.found {
        return Decision::Overtaken(Overtaken::Template);
    }
    match (seen.paused, item.resumes) {
        (true, false) => return Decision::Paused,
        // Somebody has lifted the pause that we were to lift: what is to be written was decided on another state.
        (false, true) => return Decision::Overtaken(Overtaken::Template),
        (true, true) | (false, false) => {}
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

/// Whether another template was rolled out since, although the one that was found stands there again. An undo gives
/// back the annotations that the old template had, our marker's old text among them: only the revision tells.
fn rolled_since(item: &WorkloadWork, seen: &WorkloadSeen) -> bool {
    let back = seen.template.hash() == item.found;
    back && item.found_revision.is_some() && seen.revision.is_some() && item.found_revision != seen.revision
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

fn fence(of: MarkerStep, item: &WorkloadWork, change: ChangeId, seen: &WorkloadSeen) -> Decision {
    let stands = Decision::Done { generation: seen.generation, template: seen.template.hash() };
    match step_of(seen, change) {
        // The write that was given up had arrived after all.
        Some(MarkerStep::Apply) if of == MarkerStep::Apply => apply(item, change, seen),
        Some(step) if step == of => stands,
        // A fence that stands there already keeps away what was sent before it, and nothing that was sent since.
        _ => Decision::Patch(mark(seen, change, MarkerStep::Fence)),
    }
}

/// The step of this change that wrote last, where its marker stands there.
pub fn step_of(seen: &WorkloadSeen, change: ChangeId) -> Option<MarkerStep> {
    seen.our_marker().filter(|marker| marker.change == change).map(|marker| marker.step)
}

fn marker_is(seen: &WorkloadSeen, change: ChangeId, step: MarkerStep) -> bool {
    step_of(seen, change) == Some(step)
}

fn done_or_undone(seen: &WorkloadSeen, right: bool, wanted: Option<TemplateHash>) -> Decision {
    let template = seen.template.hash();
    if right && wanted == Some(template) {
        return Decision::Done { generation: seen.generation, template };
    }
    Decision::Overtaken(Overtaken::Undone)
}

/// Puts our marker on this very object, if the one that was read is still there.
fn mark(seen: &WorkloadSeen, change: ChangeId, step: MarkerStep) -> Vec<PatchStep> {
    let same_object = PatchStep::Test("/metadata/uid".to_owned(), json!(seen.uid));
    let path = format!("/metadata/annotations/{}", MARKER_ANNOTATION.replace('/', "~1"));
    let marker = Value::String(Marker { change, step }.text_over(seen.marker.as_deref()));
    if !seen.has_annotations {
        let annotations = "/metadata/annotations".to_owned();
        return vec![
            same_object,
            PatchStep::Test(annotations.clone(), Value::Null),
            PatchStep::Add(annotations, json!({ MARKER_ANNOTATION: marker })),
        ];
    }
    let old = seen.marker.clone().map_or(Value::Null, Value::String);
    vec![same_object, PatchStep::Test(path.clone(), old), PatchStep::Add(path, marker)]
}

fn replace_images(item: &WorkloadWork, seen: &WorkloadSeen) -> Vec<PatchStep> {
    let mut patch = vec![PatchStep::Test("/spec/template".to_owned(), seen.template.json().clone())];
    for new in &item.images {
        let Some(index) = seen.template.index_of(&new.container) else { continue };
        let image = format!("/spec/template/spec/containers/{index}/image");
        patch.push(PatchStep::Replace(image, json!(new.to.to_string())));
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
