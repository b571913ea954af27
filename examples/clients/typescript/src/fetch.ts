// Without a client library: one function, typed by the operation that it is given.
import type { ResultOf, TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { WaitingTickets } from './operations.js';

const API = process.env['TOOLCRIB_API'] ?? 'http://127.0.0.1:4000/graphql';

/** What the API says of a request that it refuses: `code` is stable, `requestId` is in the log and in the audit log. */
interface ApiError {
  message: string;
  path?: (string | number)[];
  extensions: { code: string; requestId: string };
}

/** A refused request. */
export class RequestRefused extends Error {
  constructor(readonly errors: ApiError[]) {
    super(errors.map((error) => `${error.message} (${error.extensions.code})`).join('; '));
  }
}

/** Sends an operation; throws if any part of it was refused. */
export async function request<Result, Variables>(
  token: string,
  document: TypedDocumentNode<Result, Variables>,
  variables: NoInfer<Variables>,
): Promise<Result> {
  const response = await fetch(API, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const answer = (await response.json()) as { data?: Result | null; errors?: ApiError[] };
  if (answer.errors || !answer.data) throw new RequestRefused(answer.errors ?? []);
  return answer.data;
}

/** Every ticket that waits, a page at a time. */
export async function* waitingTickets(token: string) {
  let after: string | null = null;
  do {
    const { tickets }: ResultOf<typeof WaitingTickets> = await request(token, WaitingTickets, {
      first: 100,
      after,
      where: { status: { in: ['OPEN', 'PENDING'] } },
    });
    yield* tickets.nodes;
    after = tickets.pageInfo.hasNextPage ? (tickets.pageInfo.endCursor ?? null) : null;
  } while (after !== null);
}
