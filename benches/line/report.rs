//! The report: a table for people, a JSON object for machines.

use crate::authentication::{self, Authenticated};
use crate::cost::{self, Predicted};
use crate::export::{self, Exported};
use crate::rounds::{Measured, Side, median};
use crate::service::{self, Service};
use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value as Json, json};
use std::fmt;

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Starts.
    pub(crate) service: Option<Service>,
    /// What asking who a caller is leaves.
    pub(crate) authentication: Option<Authenticated>,
    /// Operations.
    pub(crate) operations: Vec<Measured>,
    /// What costs foretell.
    pub(crate) cost: Option<Predicted>,
    /// The export.
    pub(crate) export: Option<Exported>,
}

impl Report {
    /// Whether every target holds.
    pub(crate) fn is_on_target(&self) -> bool {
        let is_service_good =
            |service: &Service| service.cold_ms < service::READY_MS && service.resident_mib < service::RESIDENT_MIB;
        self.operations.iter().all(|measured| measured.target.is_none_or(|target| median(&measured.ratios) >= target))
            && self.service.as_ref().is_none_or(is_service_good)
            && self.authentication.as_ref().is_none_or(Authenticated::is_on_target)
            && self.cost.as_ref().is_none_or(|cost| cost.correlation >= cost::CORRELATION)
            && self.export.as_ref().is_none_or(|export| export.growth_mib < export::GROWTH_MIB)
    }

    /// The same for machines.
    pub(crate) fn to_json(&self) -> Json {
        let side = |side: &Side| {
            json!({
                "rate": side.rate().round(),
                "p50Ms": side.latency(0.50),
                "p99Ms": side.latency(0.99),
                "serverMicros": side.server_micros().round(),
                "postgresMicros": side.postgres_micros().round(),
            })
        };
        let operation = |measured: &Measured| {
            let Measured { name, target, ratios, toolcrib, limit, pgbench } = measured;
            json!({
                "name": name,
                "ratio": median(ratios),
                "ratios": ratios,
                "target": target,
                "toolcrib": side(toolcrib),
                "limit": side(limit),
                "pgbench": pgbench.round(),
            })
        };
        let service = self.service.as_ref().map(|Service { cold_ms, warm_ms, resident_mib }| {
            json!({ "coldStartMs": cold_ms, "warmStartMs": warm_ms, "residentMib": resident_mib })
        });
        let export = self.export.as_ref().map(|Exported { rows, seconds, before_mib, growth_mib }| {
            json!({ "rows": rows, "seconds": seconds, "beforeMib": before_mib, "growthMib": growth_mib })
        });
        let cost = self.cost.as_ref().map(|Predicted { queries, correlation, fifths }| {
            let fifths: Vec<Json> = fifths.iter().map(|(cost, time)| json!({ "upToCost": cost, "p50Ms": time })).collect();
            json!({ "queries": queries, "rankCorrelation": correlation, "fifths": fifths })
        });
        let operations: Vec<Json> = self.operations.iter().map(operation).collect();
        let authentication = self.authentication.as_ref().map(|Authenticated { known, left }| {
            let left = left.iter().map(|(name, ratios)| json!({ "name": name, "ratio": median(ratios), "ratios": ratios }));
            json!({ "knownRate": known.round(), "left": left.collect::<Vec<_>>() })
        });
        json!({ "operations": operations, "service": service, "authentication": authentication, "cost": cost, "export": export })
    }

    fn operations_table(&self) -> Table {
        let mut table = new_table([
            "operation",
            "ratio",
            "least",
            "most",
            "target",
            "toolcrib/s",
            "limit/s",
            "pgbench/s",
            "p50 ms",
            "limit",
            "p99 ms",
            "limit",
            "server µs",
            "limit",
            "postgres µs",
            "limit",
        ]);
        for Measured { name, target, ratios, toolcrib, limit, pgbench } in &self.operations {
            let ratio = |ratio: f64| format!("{ratio:.3}");
            let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
            let most = ratios.iter().copied().fold(0.0, f64::max);
            let both = |value: fn(&Side) -> f64, digits: usize| {
                [format!("{:.digits$}", value(toolcrib)), format!("{:.digits$}", value(limit))]
            };
            let mut row = vec![name.clone(), ratio(median(ratios)), ratio(least), ratio(most)];
            row.push(target.map_or_else(|| "-".to_owned(), |target| format!("{target:.2}")));
            row.extend(both(Side::rate, 0));
            row.push(if pgbench.is_nan() { "-".to_owned() } else { format!("{pgbench:.0}") });
            row.extend(both(|side| side.latency(0.50), 2));
            row.extend(both(|side| side.latency(0.99), 2));
            row.extend(both(Side::server_micros, 0));
            row.extend(both(Side::postgres_micros, 0));
            table.add_row(row);
        }
        table
    }
}

fn new_table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_header(header);
    table.column_iter_mut().skip(1).for_each(|column| column.set_cell_alignment(CellAlignment::Right));
    table
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operations.is_empty() {
            writeln!(formatter, "\n{}", self.operations_table())?;
        }
        let mut table = new_table(["", "measured", "target"]);
        if let Some(Service { cold_ms, warm_ms, resident_mib }) = &self.service {
            let ready = format!("< {} ms", service::READY_MS);
            table.add_row(["ready, with the start of its PostgreSQL", &format!("{cold_ms:.0} ms"), &ready]);
            table.add_row(["ready, PostgreSQL running", &format!("{warm_ms:.0} ms"), &ready]);
            let resident = format!("< {} MiB", service::RESIDENT_MIB);
            table.add_row(["resident after the start", &format!("{resident_mib:.1} MiB"), &resident]);
        }
        if let Some(Authenticated { known, left }) = &self.authentication {
            table.add_row(["by id in one process, the caller known beforehand", &format!("{known:.0}/s"), "-"]);
            for (name, ratios) in left {
                let name = format!("of that with the caller found by {name}");
                table.add_row([name.as_str(), &format!("{:.3}", median(ratios)), &format!("{:.2}", authentication::LEFT)]);
            }
        }
        if let Some(Predicted { queries, correlation, fifths }) = &self.cost {
            let name = format!("rank correlation of cost and time, {queries} queries");
            table.add_row([name.as_str(), &format!("{correlation:.3}"), &format!("{:.2}", cost::CORRELATION)]);
            for (cost, time) in fifths {
                table.add_row([&format!("time of a query that costs up to {cost}"), &format!("{time:.2} ms"), "-"]);
            }
        }
        if let Some(Exported { rows, seconds, before_mib, growth_mib }) = &self.export {
            table.add_row([&format!("export of {rows} tickets"), &format!("{seconds:.1} s"), "-"]);
            let growth = format!("{growth_mib:.1} MiB over {before_mib:.1} MiB");
            table.add_row(["growth of the server while exporting", &growth, &format!("< {} MiB", export::GROWTH_MIB)]);
        }
        write!(formatter, "{table}")
    }
}
