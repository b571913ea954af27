//! The second wall: the row rules once more, as row-level security.
//!
//! Whatever a statement asks, PostgreSQL adds the rule of the table, the operation and the database role by itself; a predicate that
//! was forgotten, or a hand-written statement on the server's connection, then finds nothing. Per collection there are
//!
//! - a view of the columns that rules look at in other rows (`policy::rule_view`), which both walls look through;
//! - a policy for each operation and role that has the privilege at all, `using (true)` where the role alone decides, so that
//!   PostgreSQL has nothing to test;
//! - a trigger for what a policy cannot say: an update's rule over the row before and after the change, and whatever looks into its
//!   own collection, which has to be seen changed;
//! - a policy for the database logins of each role's users, which nothing else says anything of: they have no settings, and no
//!   privilege on the views.
//!
//! # Reading what was written
//!
//! PostgreSQL refuses a change whose new row the caller may not select. The write path therefore admits the ids that it is writing
//! (`toolcrib.admitted`), for that statement alone; what an update changes still has to be readable before (`using`). Rows that go
//! along with a deletion are asked their own rules alone (`toolcrib.taken_along`).
//!
//! # How it changes
//!
//! Like privileges, the wall is recomputed whenever migrations are applied. Each piece carries the text that made it as a comment, with a
//! checksum of what PostgreSQL made of that: a piece is as it should be if text, comment and checksum agree, and what somebody
//! changed by hand is found. A column that a policy or view names cannot be dropped or change its type; a step that fails for this is tried
//! again after the wall was taken down ([`suspend`]), behind a policy that refuses every row loudly. If the migration then fails,
//! the pieces come back from their comments.

mod piece;
mod reader;
mod stand;
mod wanted;

pub use piece::{Piece, PieceKind, PieceName};
pub use stand::WallChanges;
pub(super) use stand::{Suspended, bring, compare, is_in_the_way, restore, suspend};
pub use wanted::wanted;
