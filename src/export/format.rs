//! In what form a file is written.

/// The values of the `ExportFormat` enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// RFC 4180, UTF-8, with a header.
    Csv,
    /// One JSON array of objects by field name.
    Json,
}

impl ExportFormat {
    /// Every form.
    pub const ALL: [Self; 2] = [Self::Csv, Self::Json];

    /// The enum's value in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Json => "JSON",
        }
    }

    /// The form that the API calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// How the file's name ends.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}
