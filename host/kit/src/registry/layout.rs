//! How a policy lies in a registry.

use bridge_model::policy::PolicySignature;
use bridge_policy::signature;
use oci_client::{
    client::{Config, ImageLayer},
    manifest::{OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest},
};
use serde_json::json;
use std::collections::BTreeMap;

/// The annotation of the manifest that has the signatures.
pub const SIGNATURES: &str = "ldap-oidc.policy.signatures";

const CONFIG: &str = "application/vnd.wasm.config.v0+json";
const LAYER: &str = "application/wasm";
/// The layout asks for a time. Always the same one lets the same component have the same digest.
const CREATED: &str = "1970-01-01T00:00:00Z";

/// The lines of a signature file, with `;` between them: the canonical JSON that manifests are written in
/// does not escape the ends of lines, which no reader takes.
fn in_one_line(signatures: &[PolicySignature]) -> String {
    signature::write(signatures).trim_end().replace('\n', ";")
}

/// Reads what [`in_one_line`] wrote.
pub(super) fn signatures(manifest: &OciImageManifest) -> Result<Vec<PolicySignature>, String> {
    let annotations = manifest.annotations.as_ref();
    let text = annotations.and_then(|annotations| annotations.get(SIGNATURES));
    text.map_or(Ok(Vec::new()), |text| {
        signature::read(&text.replace(';', "\n"))
            .map_err(|error| format!("its signatures cannot be read: {error}"))
    })
}

/// What is written.
pub(super) struct Artifact {
    pub(super) layers: Vec<ImageLayer>,
    pub(super) config: Config,
    pub(super) manifest: OciImageManifest,
}

impl Artifact {
    pub(super) fn new(
        component: &[u8],
        signatures: &[PolicySignature],
        imports: &[String],
        exports: &[String],
    ) -> Self {
        let layers = vec![ImageLayer::new(component.to_vec(), LAYER.to_owned(), None)];
        let digests: Vec<_> = layers.iter().map(ImageLayer::sha256_digest).collect();
        let described = json!({
            "created": CREATED,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": digests,
            "component": { "exports": exports, "imports": imports },
        });
        let config = Config::new(described.to_string().into_bytes(), CONFIG.to_owned(), None);
        let annotations = (!signatures.is_empty())
            .then(|| BTreeMap::from([(SIGNATURES.to_owned(), in_one_line(signatures))]));
        let mut manifest = OciImageManifest::build(&layers, &config, annotations);
        manifest.media_type = Some(OCI_IMAGE_MEDIA_TYPE.to_owned());
        Self {
            layers,
            config,
            manifest,
        }
    }
}

/// The layer with the component.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    pub(super) layer: &'a OciDescriptor,
    pub(super) octets: usize,
}

/// Finds the component in a manifest; else what is wrong with it.
pub(super) fn take(manifest: &OciImageManifest, octets_max: usize) -> Result<Taken<'_>, String> {
    let config = &manifest.config.media_type;
    if config != CONFIG {
        return Err(format!(
            "its config is of the type `{config}` and not `{CONFIG}`"
        ));
    }
    let [layer] = manifest.layers.as_slice() else {
        let count = manifest.layers.len();
        return Err(format!("it has {count} layers; a component is one"));
    };
    if layer.media_type != LAYER {
        let other = &layer.media_type;
        return Err(format!(
            "its layer is of the type `{other}` and not `{LAYER}`"
        ));
    }
    match usize::try_from(layer.size) {
        Ok(octets) if octets <= octets_max => Ok(Taken { layer, octets }),
        _ => Err(format!(
            "its component has {} octets and may have {octets_max}",
            layer.size
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_policy_is_always_the_same_artifact() {
        let manifest = || Artifact::new(b"\0asm\x0d\0\x01\0", &[], &[], &[]).manifest;
        assert_eq!(manifest().to_string(), manifest().to_string());
        let manifest = manifest();
        let taken = take(&manifest, 8).expect("a policy");
        assert_eq!((taken.octets, taken.layer.media_type.as_str()), (8, LAYER));
        assert_eq!(manifest.annotations, None);
    }

    #[test]
    fn what_is_no_policy_is_not_fetched() {
        let whole = Artifact::new(b"\0asm\x0d\0\x01\0", &[], &[], &[]).manifest;
        let changed = |change: &dyn Fn(&mut OciImageManifest)| {
            let mut manifest = whole.clone();
            change(&mut manifest);
            take(&manifest, 8).expect_err("no policy")
        };
        let says = changed(&|it| it.config.media_type = "application/x".to_owned());
        assert!(says.contains("`application/x`"), "{says}");
        let says = changed(&|it| it.layers.clear());
        assert!(says.contains("0 layers"), "{says}");
        let says = changed(&|it| it.layers[0].media_type = "text/plain".to_owned());
        assert!(says.contains("`text/plain`"), "{says}");
        for size in [9, -1, i64::MAX] {
            let says = changed(&|it| it.layers[0].size = size);
            assert!(says.contains("may have 8"), "{says}");
        }
    }
}
