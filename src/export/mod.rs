//! Watermarked files out of a read plan.
use crate::planner::Planner;
use serde_json::Value as Json;
use uuid::Uuid;
/// Runs exports.
pub struct Exporter {
    _private: (),
}
/// Why an export is refused.
#[derive(Debug, thiserror::Error)]
#[error("exports")]
pub struct ExportError;
impl crate::base::Fault for ExportError {
    fn code(&self) -> crate::base::FaultCode {
        crate::base::FaultCode::Forbidden
    }
}
/// s
pub struct ExportSettings;
impl ExportSettings {
    /// d
    pub fn in_directory(_d: &std::path::Path) -> Self {
        Self
    }
}
impl Exporter {
    /// Starts.
    pub fn new(_d: crate::db::Database, _k: Vec<u8>, _s: ExportSettings) -> Self {
        Self { _private: () }
    }
    /// t
    pub fn trace(&self, _t: &str) -> Vec<String> {
        Vec::new()
    }
    /// s
    pub async fn shut_down(&self) {}
    /// Exports a collection.
    pub async fn export(
        &self,
        _planner: &Planner<'_>,
        _collection: crate::catalog::CollectionId,
        _filter: &Json,
        _format: &str,
        _reason: Option<&str>,
    ) -> Result<Uuid, ExportError> {
        Err(ExportError)
    }
}
