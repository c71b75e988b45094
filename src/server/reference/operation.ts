// One operation of an API as its reference tells it: the shapes that validate it, its replies and the codes it refuses with. Says
// nothing a route does not do: test/support/conformance.ts holds real replies against it.
import type { z } from 'zod';
import type { Code } from '../../protocol/errors.ts';
import type { Json } from '../../protocol/json.ts';

/** Another standard's words for a refusal instead of a problem document. */
export type Refusal = 'problem' | 'matrix' | 'witness';

export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Parameters in braces; each has to be in `parameters`. */
  readonly path: string;
  readonly id: string;
  /** Of docs/protocol.md. */
  readonly clause: string;
  readonly summary: string;
  readonly description?: string;
  /** Whose credentials it takes, and whether it can do without. */
  readonly security?: { readonly scheme: keyof typeof SCHEMES; readonly optional?: true };
  readonly parameters?: readonly Parameter[];
  readonly body?: Body;
  readonly replies: Readonly<Record<number, Reply>>;
  /** Beside those that every endpoint has (§12). */
  readonly codes?: readonly Code[];
  readonly refusal?: Refusal;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly schema: z.ZodType;
  readonly description: string;
  readonly example: string;
  readonly required?: boolean;
}

export interface Body {
  /** A media type; JSON unless given. */
  readonly type?: string;
  readonly schema: z.ZodType;
  readonly example: Json;
  /** Longest body, in octets. */
  readonly most?: number;
  readonly optional?: true;
}

export interface Reply {
  readonly description: string;
  /** A media type; absent where nothing is sent. */
  readonly type?: string;
  readonly schema?: z.ZodType;
  readonly example?: Json;
  readonly headers?: readonly (keyof typeof HEADERS)[];
}

export const JSON_TYPE = 'application/json';
export const TEXT = 'text/plain; charset=utf-8';
export const OCTETS = 'application/octet-stream';

/** Ways to say who is asking (OpenAPI 3.1 §4.8.27). */
export const SCHEMES = {
  client: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'whereabouts-client+jwt',
    description:
      'A token signed with a key of the asker’s own description (§10), or a pass that an issuer gave (§4.6). No accounts, no shared secrets.',
  },
  account: {
    type: 'http',
    scheme: 'bearer',
    description:
      'How the issuer knows its own user: its session, whatever that is. The built-in issuer asks the provider’s accounts module.',
  },
  resolver: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token the operator of the resolver set or was given at first start.',
  },
  matrix: { type: 'http', scheme: 'bearer', description: 'A token of this identity server (Matrix 1.11).' },
  homeserver: {
    type: 'http',
    scheme: 'bearer',
    description: 'The `hs_token` of the application service (Matrix 1.11).',
  },
} as const;

export const HEADERS = {
  'Cache-Status': 'RFC 9211: whether the copy is as recent as it should be.',
  ETag: 'One tag an epoch: who sends it back as `If-None-Match` is answered 304.',
  RateLimit: 'What is left of each quota, and when it is full again (draft-ietf-httpapi-ratelimit-headers).',
  'RateLimit-Policy': 'The quotas that were charged.',
} as const;
