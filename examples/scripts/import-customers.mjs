#!/usr/bin/env node
// Imports customers, thousands of them, so that every row is there once however the network behaves.
//
//   TOOLCRIB_TOKEN=$(toolcrib token create --user manager@demo.test --expires-in 1h) \
//     node examples/scripts/import-customers.mjs --url http://127.0.0.1:4000 --rows 10000
//
// Rows go in batches: each is one request, one statement and one transaction, so a batch is there as a whole or not at all. Each
// has an idempotency key made from the import's name and the batch's number. A batch whose answer was lost is sent again with
// the same key, and so is every batch when the script is run again within 24 hours: what was done is answered, not repeated.
//
// Needs Node 18 and nothing else.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const MUTATION = `
  mutation ImportCustomers($inputs: [CreateCustomerInput!]!, $reason: String!, $key: String!) {
    createCustomers(inputs: $inputs, reason: $reason, idempotencyKey: $key) { count }
  }`;

/** Codes of errors that another attempt may cure; every other one would be the same again. */
const PASSING = ["CONFLICT", "RATE_LIMITED", "INTERNAL_SERVER_ERROR"];

const { values: options } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:4000" },
    // One JSON object of values in each line; without a file, rows are made up.
    file: { type: "string" },
    rows: { type: "string", default: "10000" },
    batch: { type: "string", default: "200" },
    workers: { type: "string", default: "4" },
    attempts: { type: "string", default: "8" },
    name: { type: "string", default: "import of customers" },
  },
});

const token = process.env.TOOLCRIB_TOKEN;
if (!token) {
  console.error("TOOLCRIB_TOKEN is not set: make a token with `toolcrib token create`");
  process.exit(2);
}

const rows = options.file ? readRows(options.file) : madeUpRows(Number(options.rows));
const batches = [];
for (let start = 0; start < rows.length; start += Number(options.batch)) {
  batches.push(rows.slice(start, start + Number(options.batch)));
}

const statistics = { created: 0, requests: 0, repeated: 0 };
const started = performance.now();
try {
  // Each worker takes the next batch until none is left; the first failure stops them all.
  const queue = batches.entries();
  await Promise.all(Array.from({ length: Number(options.workers) }, () => work(queue)));
} catch (error) {
  console.error(error.message);
  console.error(`stopped; run it again with the same --name "${options.name}" to go on where it ended`);
  process.exit(1);
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const { created, requests, repeated } = statistics;
console.log(`${created} customers in ${batches.length} batches: ${requests} requests, ${repeated} of them repeated, ${seconds} s`);

async function work(queue) {
  for (const [number, inputs] of queue) {
    const count = await importBatch(number, inputs);
    statistics.created += count;
  }
}

/** Sends a batch until it is answered, and says how many rows it made. */
async function importBatch(number, inputs) {
  const key = createHash("sha256").update(`${options.name}\0${number}`).digest("hex");
  const body = JSON.stringify({ query: MUTATION, variables: { inputs, reason: options.name, key } });
  for (let attempt = 1; ; attempt++) {
    statistics.requests += 1;
    const { count, problem, isPassing } = await send(body);
    if (problem === undefined) return count;
    if (!isPassing || attempt >= Number(options.attempts)) throw new Error(`batch ${number}: ${problem}`);
    statistics.repeated += 1;
    // Twice as long each time, and never as long as the others: a server that is busy is not met by all at once.
    await sleep(50 * 2 ** attempt * (0.5 + Math.random()));
  }
}

async function send(body) {
  let response;
  let answer;
  try {
    response = await fetch(`${options.url}/graphql`, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body,
      signal: AbortSignal.timeout(60_000),
    });
    answer = await response.json();
  } catch (error) {
    // No answer says nothing of what was done. The key makes it safe to ask again.
    return { problem: `no answer (${error.cause?.code ?? error.message})`, isPassing: response === undefined || response.status >= 500 };
  }
  if (!answer.errors?.length) return { count: answer.data.createCustomers.count };
  const { message, extensions } = answer.errors[0];
  const code = extensions?.code ?? response.status;
  return { problem: `${code}: ${message}`, isPassing: response.status >= 500 || PASSING.includes(code) };
}

function readRows(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
}

function madeUpRows(count) {
  const row = (_, number) => ({ name: `Customer ${number + 1}`, email: `customer${number + 1}@example.test` });
  return Array.from({ length: count }, row);
}
