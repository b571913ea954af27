//! Rebuilds the crate when the console's bundle changes: its file names are hashes, so the compiler cannot know the new ones.

fn main() {
    println!("cargo::rerun-if-changed=src/http/console/dist");
}
