use super::super::testing::{PodLife, Scene, pod, template};
use super::*;
use crate::image::Image;

fn digest(letter: char) -> Digest {
    format!("sha256:{}", letter.to_string().repeat(64)).parse().expect("a digest")
}

fn id(letter: char) -> String {
    format!("registry.example/shop/api@{}", digest(letter))
}

/// Two ready pods that run `a`, and an expectation of `a`, whose manifest for some platform is `b`.
fn scene() -> Scene {
    let mut scene = Scene::deploying(2);
    scene.finish();
    for name in ["new-1", "new-2"] {
        scene.change(name, |pod| pod.runs(&id('a')));
    }
    expect(&mut scene, |container, image| ExpectedImage::known(container, image, digest('a'), [digest('b')]));
    scene
}

fn expect(scene: &mut Scene, image: impl Fn(ContainerName, Image) -> ExpectedImage) {
    let wanted: Image = format!("registry.example/shop/api:v2@{}", digest('a')).parse().expect("an image");
    scene.expectation.images = vec![image(ContainerName::new("api").expect("a name"), wanted)];
}

fn checked(scene: &Scene) -> DigestCheck {
    check(&scene.view, &scene.expectation)
}

#[test]
fn the_index_and_the_platforms_manifest_both_match() {
    let mut scene = scene();
    assert_eq!(checked(&scene), DigestCheck::Match);
    scene.change("new-2", |pod| pod.runs(&format!("docker-pullable://{}", id('b'))));
    assert_eq!(checked(&scene), DigestCheck::Match);
}

#[test]
fn one_ready_pod_with_another_image_is_a_mismatch() {
    let mut scene = scene();
    scene.change("new-1", |pod| pod.runs("sha256:0123")).change("new-2", |pod| pod.runs(&id('c')));
    let container = ContainerName::new("api").expect("a name");
    let mismatch =
        DigestCheck::Mismatch { pod: "new-2".to_owned(), container, wanted: digest('a'), found: digest('c') };
    assert_eq!(checked(&scene), mismatch, "a doubt about another pod doesn't hide it");
}

#[test]
fn pods_that_are_old_unready_or_going_are_not_asked() {
    let mut scene = scene();
    scene.put(pod("old-1", &template("v1")).ready().runs(&id('c')));
    scene.put(scene.new_pod("new-3").running().runs(&id('c')));
    scene.put(scene.new_pod("new-4").ready().runs(&id('c')).deleting());
    assert_eq!(checked(&scene), DigestCheck::Match);
}

#[test]
fn a_bare_config_id_proves_nothing() {
    for bare in ["", "sha256:0123", "docker://sha256:0123", &digest('c').to_string()] {
        let mut scene = scene();
        scene.change("new-1", |pod| pod.runs(bare));
        assert_eq!(checked(&scene), DigestCheck::CantTell(DigestDoubt::NoDigest), "{bare}");
    }
}

#[test]
fn without_a_registry_another_digest_proves_nothing() {
    let mut scene = scene();
    expect(&mut scene, |container, _| ExpectedImage::unasked(container, "api:v2".parse().expect("an image")));
    assert_eq!(checked(&scene), DigestCheck::CantTell(DigestDoubt::NoRegistry));
    expect(&mut scene, ExpectedImage::unasked);
    assert_eq!(checked(&scene), DigestCheck::Match, "the digest was given, and is what runs");
    scene.change("new-1", |pod| pod.runs(&id('b')));
    assert_eq!(checked(&scene), DigestCheck::CantTell(DigestDoubt::PlatformsUnknown));
}

#[test]
fn no_ready_pod_proves_nothing() {
    let mut scene = scene();
    scene.change("new-1", PodLife::running).change("new-2", PodLife::running);
    assert_eq!(checked(&scene), DigestCheck::CantTell(DigestDoubt::NoPods));
}
