//! `toolcrib new`

use crate::cli::arguments::NewArguments;
use anyhow::Context;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::ExitCode;

/// Every file of a new tool: where it goes, and its text with `{{name}}` and `{{title}}`.
const FILES: [(&str, &str); 6] = [
    ("schema.graphql", include_str!("template/schema.graphql")),
    ("toolcrib.toml", include_str!("template/toolcrib.toml")),
    ("README.md", include_str!("template/README.md")),
    (".gitignore", include_str!("template/gitignore")),
    ("demo.sql", include_str!("template/demo.sql")),
    // Git keeps no empty directory.
    ("migrations/.gitkeep", ""),
];

/// The longest name of a tool; a directory's could be longer, a heading should not.
const MAX_NAME_BYTES: usize = 60;

/// Makes the directory of a tool that can be served at once.
pub(crate) fn run(arguments: &NewArguments) -> anyhow::Result<ExitCode> {
    let directory = arguments.name.as_path();
    let name = checked_name(directory)?;
    refuse_occupied(directory)?;
    let title = title_of(name);
    for (path, text) in FILES {
        write_new(&directory.join(path), &text.replace("{{name}}", name).replace("{{title}}", &title))?;
    }
    let shown = directory.display();
    println!("made the tool `{name}`; `{shown}/README.md` says how to go on");
    println!("serve it with `toolcrib serve --demo --dir {shown}`");
    Ok(ExitCode::SUCCESS)
}

/// The last part of the path, which becomes a heading, a title in the browser, and part of commands that people copy.
fn checked_name(directory: &Path) -> anyhow::Result<&str> {
    let name = directory.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    let is_name = name.starts_with(|first: char| first.is_ascii_lowercase()) && name.bytes().all(is_allowed);
    if !is_name || name.len() > MAX_NAME_BYTES {
        anyhow::bail!(
            "`{}` does not end in the name of a tool; begin with a small letter, go on with small letters, digits, `-` and `_`, \
             at most {MAX_NAME_BYTES}: `vendor_desk`",
            directory.display()
        );
    }
    Ok(name)
}

/// Refuses a place where something is already: nothing of anybody's is written over.
fn refuse_occupied(directory: &Path) -> anyhow::Result<()> {
    let shown = directory.display();
    match fs::read_dir(directory).map(|mut entries| entries.next().is_none()) {
        Ok(true) => Ok(()),
        Ok(false) => anyhow::bail!("`{shown}` is not empty; choose another name"),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotADirectory => anyhow::bail!("`{shown}` is a file; choose another name"),
        Err(error) => Err(error).with_context(|| format!("cannot look into `{shown}`")),
    }
}

/// `vendor_desk` is "Vendor desk".
fn title_of(name: &str) -> String {
    let words = name.replace(['-', '_'], " ");
    let (first, rest) = words.split_at(1);
    format!("{}{}", first.to_ascii_uppercase(), rest.trim_end())
}

fn write_new(path: &Path, text: &str) -> anyhow::Result<()> {
    let write = || {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut file = fs::File::create_new(path)?;
        std::io::Write::write_all(&mut file, text.as_bytes())
    };
    write().with_context(|| format!("cannot write `{}`", path.display()))
}
