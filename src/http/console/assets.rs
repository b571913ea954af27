//! The bundle that `npm run build` wrote, as it is embedded in the binary.

use axum::body::Bytes;
use rust_embed::RustEmbed;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::BTreeMap;

#[derive(RustEmbed)]
#[folder = "src/http/console/dist/"]
struct Dist;

/// Where the build puts what browsers ask for; nothing outside it is served.
const SERVED_FOLDER: &str = "assets/";
const MANIFEST: &str = "manifest.json";

/// One file of the bundle.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asset {
    /// What a browser is told that it is.
    pub(super) content_type: String,
    /// The file.
    pub(super) bytes: Bytes,
}

/// The files that the page names; everything else is loaded by them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// The script's file name.
    pub(super) script: String,
    /// The style sheet's file name.
    pub(super) style: String,
}

/// The files of the bundle by name. Lookups never touch a file system, so no name can lead out of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Assets {
    files: BTreeMap<String, Asset>,
    entry: Option<Entry>,
}

impl Assets {
    /// The bundle of this binary; empty when it was compiled before the console was built.
    pub fn embedded() -> Self {
        Self::from_files(Dist::iter().filter_map(|path| {
            let bytes = match Dist::get(&path)?.data {
                Cow::Borrowed(bytes) => Bytes::from_static(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            };
            Some((path, bytes))
        }))
    }

    /// A bundle of the given files, by their paths below `dist/`.
    pub(super) fn from_files<'a>(files: impl IntoIterator<Item = (Cow<'a, str>, Bytes)>) -> Self {
        let mut served = BTreeMap::new();
        let mut manifest = None;
        for (path, bytes) in files {
            if let Some(name) = path.strip_prefix(SERVED_FOLDER) {
                served.insert(name.to_owned(), Asset { content_type: content_type_of(name), bytes });
            } else if path == MANIFEST {
                manifest = serde_json::from_slice::<Entry>(&bytes).ok();
            }
        }
        // A manifest without its files is a build that was broken off: as good as none.
        let entry = manifest.filter(|entry| served.contains_key(&entry.script) && served.contains_key(&entry.style));
        Self { files: served, entry }
    }

    /// What the page loads, if the bundle is complete.
    pub(super) fn entry(&self) -> Option<&Entry> {
        self.entry.as_ref()
    }

    /// The file of this exact name.
    pub(super) fn find(&self, name: &str) -> Option<&Asset> {
        self.files.get(name)
    }

    /// Every file with its name.
    #[cfg(test)]
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Asset)> {
        self.files.iter().map(|(name, asset)| (name.as_str(), asset))
    }
}

fn content_type_of(name: &str) -> String {
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    match mime.type_() {
        mime_guess::mime::TEXT => format!("{}; charset=utf-8", mime.essence_str()),
        _ => mime.essence_str().to_owned(),
    }
}
