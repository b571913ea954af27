//! Whether the cost that is estimated for a query before it is run tells how long it takes: generated queries, each with its
//! figure and its time, and how well the two orders agree.

mod generator;

use crate::load::{self, Target};
use crate::rounds::median;
use crate::stage::Stage;
use anyhow::{Context, Result};
use generator::Generator;
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value as Json, json};
use std::time::Instant;

/// Spearman's rank correlation that is good enough.
pub(crate) const CORRELATION: f64 = 0.7;

/// How often each query is timed; the first time is not counted.
const TIMES: usize = 5;

/// What came out.
#[derive(Debug)]
pub(crate) struct Predicted {
    /// Queries that were run.
    pub(crate) queries: usize,
    /// How well the order of the figures is the order of the times.
    pub(crate) correlation: f64,
    /// Of each fifth of the queries, from the cheapest to the dearest: the greatest figure, and the median of the times in
    /// milliseconds.
    pub(crate) fifths: Vec<(u64, f64)>,
}

/// Runs generated queries as a manager, who reads everything.
pub(crate) async fn measure(stage: &Stage, queries: usize, seed: u64) -> Result<Predicted> {
    let server = stage.serve(&[], "cost").await?;
    let target =
        Target { address: server.address.clone(), path: "/graphql".to_owned(), token: stage.token("manager@demo.test")? };
    let generator = Generator::new(stage)?;
    let mut random = StdRng::seed_from_u64(seed);
    let mut measured = Vec::with_capacity(queries);
    while measured.len() < queries {
        let query = generator.query(&mut random);
        let asked = json!({ "query": query, "extensions": { "cost": true } }).to_string();
        let answer: Json = serde_json::from_str(&load::ask_once(&target, &asked).await?).context("no JSON")?;
        if answer.get("errors").is_some_and(|errors| errors[0]["extensions"]["code"] == "LIMIT_EXCEEDED") {
            continue;
        }
        anyhow::ensure!(answer.get("errors").is_none(), "{query}\n{}", answer["errors"]);
        let cost = answer["extensions"]["cost"]["estimated"].as_u64().context("no cost")?;
        let body = json!({ "query": query }).to_string();
        let mut times = Vec::with_capacity(TIMES);
        for _ in 0..TIMES {
            let started = Instant::now();
            load::ask_once(&target, &body).await?;
            times.push(started.elapsed().as_secs_f64() * 1000.0);
        }
        // What else runs on the machine only ever makes a query slower.
        let fastest = times.into_iter().fold(f64::INFINITY, f64::min);
        measured.push((cost, fastest, query));
    }
    server.stop()?;
    explain(stage, &measured)?;
    Ok(Predicted::of(&measured))
}

/// Leaves every query with its figures in a file, for whoever mends the estimate.
fn explain(stage: &Stage, measured: &[(u64, f64, String)]) -> Result<()> {
    let lines = measured.iter().map(|(cost, time, query)| format!("{cost}\t{time:.3}\t{}\n", query.replace('\n', " ")));
    std::fs::write(stage.scratch("costs")?.join("queries.tsv"), lines.collect::<String>())?;
    Ok(())
}

impl Predicted {
    fn of(measured: &[(u64, f64, String)]) -> Self {
        let costs: Vec<f64> = measured.iter().map(|(cost, ..)| *cost as f64).collect();
        let times: Vec<f64> = measured.iter().map(|(_, time, _)| *time).collect();
        let correlation = correlation(&ranks(&costs), &ranks(&times));
        let mut sorted: Vec<(u64, f64)> = measured.iter().map(|(cost, time, _)| (*cost, *time)).collect();
        sorted.sort_by_key(|(cost, _)| *cost);
        let fifths = sorted.chunks(sorted.len().div_ceil(5).max(1)).map(|part| {
            let times: Vec<f64> = part.iter().map(|(_, time)| *time).collect();
            (part.last().map_or(0, |(cost, _)| *cost), median(&times))
        });
        Self { queries: measured.len(), correlation, fifths: fifths.collect() }
    }
}

/// The place of each value in their order; equal ones share the middle of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let rank = |value: f64| {
        let less = values.iter().filter(|other| **other < value).count();
        let equal = values.iter().filter(|other| **other == value).count();
        less as f64 + (equal as f64 - 1.0) / 2.0
    };
    values.iter().map(|value| rank(*value)).collect()
}

/// Pearson's correlation, which over ranks is Spearman's.
fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (left_mean, right_mean) = (mean(left), mean(right));
    let product: f64 = left.iter().zip(right).map(|(left, right)| (left - left_mean) * (right - right_mean)).sum();
    let spread = |values: &[f64], mean: f64| values.iter().map(|value| (value - mean).powi(2)).sum::<f64>().sqrt();
    product / (spread(left, left_mean) * spread(right, right_mean))
}
