//! Where everything of a private server lies.

use crate::config::DatabaseUrl;
use crate::local_pg::LocalPostgresError;
use crate::local_pg::account::Account;
use sha2::{Digest, Sha256};
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// `sockaddr_un` holds 108 bytes with the closing NUL.
const MAX_SOCKET_PATH: usize = 107;

/// Where data go when root works in a directory that the database's account cannot enter, such as root's home.
const SHARED_STORAGE: &str = "/var/lib/toolcrib";

/// The socket's file name for port 5432.
const SOCKET_NAME: &str = ".s.PGSQL.5432";

/// The paths of a private server.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The directory that the settings name; holds the locks and the log.
    pub(super) directory: PathBuf,
    /// PostgreSQL's data directory.
    pub(super) data: PathBuf,
    /// The directory of the socket.
    pub(super) socket: PathBuf,
    /// What the server says.
    pub(super) log: PathBuf,
}

impl Layout {
    /// Finds the paths and makes the directories, except for the data, which `initdb` makes.
    pub(super) fn prepare(directory: &Path, account: &Account) -> Result<Self, LocalPostgresError> {
        fs::create_dir_all(directory).map_err(LocalPostgresError::directory(directory))?;
        let directory = directory.canonicalize().map_err(LocalPostgresError::directory(directory))?;
        account.own(&directory)?;
        close_to_others(&directory)?;
        let storage = if account.can_enter(&directory) { directory.clone() } else { storage_outside(&directory, account)? };
        let socket = socket_directory(&storage, account)?;
        Ok(Self { data: storage.join("data"), socket, log: directory.join("postgres.log"), directory })
    }

    /// The socket itself.
    pub(super) fn socket_file(&self) -> PathBuf {
        self.socket.join(SOCKET_NAME)
    }

    /// What PostgreSQL puts beside the socket while it uses it.
    pub(super) fn socket_lock_file(&self) -> PathBuf {
        self.socket.join(format!("{SOCKET_NAME}.lock"))
    }

    /// The URL of a database on this server.
    pub(super) fn url(&self, login: &str, database: &str) -> DatabaseUrl {
        let host = escape(&self.socket.to_string_lossy());
        let url = format!("postgres://{}@{host}/{}", escape(login), escape(database));
        DatabaseUrl::new(&url).expect("the text begins with `postgres://` and goes on")
    }
}

/// A directory of the account's own that it can reach; its path is kept in `directory`, so that everybody finds it again.
fn storage_outside(directory: &Path, account: &Account) -> Result<PathBuf, LocalPostgresError> {
    let pointer = directory.join("storage");
    if let Ok(path) = fs::read_to_string(&pointer).map(PathBuf::from)
        && path.starts_with(SHARED_STORAGE)
        && path.is_dir()
    {
        return Ok(path);
    }
    fs::create_dir_all(SHARED_STORAGE).map_err(LocalPostgresError::directory(Path::new(SHARED_STORAGE)))?;
    let path = Path::new(SHARED_STORAGE).join(uuid::Uuid::new_v4().simple().to_string());
    make_private(&path, account)?;
    fs::write(&pointer, path.to_string_lossy().as_bytes()).map_err(LocalPostgresError::directory(&pointer))?;
    Ok(path)
}

/// Beside the data where the path is short enough, otherwise in `/tmp` under a name made from the data's path.
fn socket_directory(storage: &Path, account: &Account) -> Result<PathBuf, LocalPostgresError> {
    let beside = storage.join("run");
    let is_short = beside.join(SOCKET_NAME).as_os_str().len() <= MAX_SOCKET_PATH;
    let path = if is_short { beside } else { short_directory(storage, account) };
    make_private(&path, account)?;
    Ok(path)
}

fn short_directory(storage: &Path, account: &Account) -> PathBuf {
    let digest = hex::encode(Sha256::digest(storage.as_os_str().as_encoded_bytes()));
    PathBuf::from(format!("/tmp/toolcrib-{}-{}", account.uid(), &digest[..16]))
}

/// Makes a directory that only the account (and root) can enter. One that is there already has to be like that: in `/tmp`
/// anybody could have made it first, and whoever owns the directory decides which socket we talk to.
fn make_private(path: &Path, account: &Account) -> Result<(), LocalPostgresError> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => return account.own(path),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(source) => return Err(LocalPostgresError::Directory { path: path.to_owned(), source }),
    }
    let metadata = fs::symlink_metadata(path).map_err(LocalPostgresError::directory(path))?;
    let is_ours = metadata.is_dir() && metadata.uid() == account.uid() && metadata.mode() & 0o077 == 0;
    if is_ours { Ok(()) } else { Err(LocalPostgresError::ForeignDirectory { path: path.to_owned() }) }
}

fn close_to_others(path: &Path) -> Result<(), LocalPostgresError> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(LocalPostgresError::directory(path))
}

/// Percent-encodes everything that a URL could take for its own.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => escaped.push(char::from(byte)),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_path_gets_a_short_socket_directory_that_is_found_again() {
        let directory = tempfile::tempdir().unwrap();
        let long = directory.path().join("d".repeat(100));
        let account = Account::choose().unwrap();
        let first = Layout::prepare(&long, &account).unwrap();
        let second = Layout::prepare(&long, &account).unwrap();
        assert!(first.socket_file().as_os_str().len() <= MAX_SOCKET_PATH);
        assert_eq!(first.socket, second.socket);
        fs::remove_dir(first.socket).unwrap();
    }

    #[test]
    fn a_directory_that_others_can_enter_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let account = Account::choose().unwrap();
        let path = directory.path().join("run");
        make_private(&path, &account).unwrap();
        make_private(&path, &account).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(matches!(make_private(&path, &account), Err(LocalPostgresError::ForeignDirectory { .. })));
    }

    #[test]
    fn urls_name_the_socket_directory() {
        let path = PathBuf::from("/srv/a b");
        let layout = Layout { directory: path.clone(), data: path.clone(), socket: path.clone(), log: path };
        assert_eq!(layout.url("me", "tool").expose(), "postgres://me@%2Fsrv%2Fa%20b/tool");
    }
}
