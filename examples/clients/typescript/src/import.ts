// A script that writes much: 10,000 customers, in batches that may be sent again. `TOOLCRIB_TOKEN=... npm run import`.
import { CreateCustomers } from './operations.js';
import { RequestRefused, request } from './fetch.js';

const TOKEN = process.env['TOOLCRIB_TOKEN'] ?? '';
const COUNT = Number(process.env['IMPORT_COUNT'] ?? 10_000);
/** Rows of one request: all of them are created, or none. */
const BATCH = Number(process.env['IMPORT_BATCH'] ?? 200);
/** Requests at a time: more only wait for each other. */
const LANES = 4;
const ATTEMPTS = 6;
/** What an import is called. Run again under the same name, it goes on where it ended. */
const RUN = process.env['IMPORT_RUN'] ?? new Date().toISOString();

/** What another attempt may change. A value that was refused will be refused again. */
const TRANSIENT = ['INTERNAL_SERVER_ERROR', 'RATE_LIMITED'];

function isTransient(error: unknown): boolean {
  // No answer at all: whether it was done is unknown, which is what the key is for.
  return !(error instanceof RequestRefused) || error.errors.every(({ extensions }) => TRANSIENT.includes(extensions.code));
}

/** Tries until it is done, waiting twice as long each time, and never quite as long as the others do. */
async function persistently<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (failures === ATTEMPTS || !isTransient(error)) throw error;
      await new Promise((wake) => setTimeout(wake, 100 * 2 ** failures * (0.5 + Math.random())));
    }
  }
}

/** One batch. Its key is the same at each attempt: the server does it once, and answers a retry with what it did. */
async function createBatch(start: number): Promise<number> {
  const numbers = Array.from({ length: Math.min(BATCH, COUNT - start) }, (_, index) => start + index + 1);
  const inputs = numbers.map((number) => ({ name: `Imported ${number}`, email: `imported-${number}@example.test` }));
  const { createCustomers } = await persistently(() => request(TOKEN, CreateCustomers, { inputs, key: `${RUN}:${start}` }));
  return createCustomers.count;
}

const starts = Array.from({ length: Math.ceil(COUNT / BATCH) }, (_, index) => index * BATCH);
let created = 0;
async function lane(): Promise<void> {
  for (let start = starts.shift(); start !== undefined; start = starts.shift()) {
    // In two steps: `created += await ...` would read the sum before it waits, and lose what the other lanes add.
    const count = await createBatch(start);
    created += count;
  }
}
await Promise.all(Array.from({ length: LANES }, lane));
console.log(`${created} customers`);
