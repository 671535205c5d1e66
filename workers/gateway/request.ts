import { z } from 'zod';

import type { Hash } from '../../engine/commit/hash.ts';
import type { Tokenizer } from '../../engine/data/tokenizer.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { chatText } from '../../sdk/prompt.ts';
import { requestedSeed } from '../../sdk/receipts.ts';

/** Which of the two endpoints was asked. */
export type Kind = 'completion' | 'chat';

/** What is decoded for a request of the OpenAI API. */
export type GenerationRequest = {
  readonly kind: Kind;
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  /** Without a seed when the client has given none. */
  readonly sampling: Omit<SamplingOptions, 'seed'> & { readonly seed: Hash | undefined };
  readonly stops: readonly string[];
  readonly isStream: boolean;
  /** Whether a stream ends with its usage. */
  readonly includeUsage: boolean;
};

/** What a request is held against. */
export type Served = { readonly modelName: string; readonly context: number; readonly tokenizer: Tokenizer };

/** `max_tokens` of a completion that names none, as OpenAI has it; a chat goes on to the end of the context. */
const DEFAULT_TOKENS = 16;

const tokens = z.array(z.int().nonnegative());
const stop = z.string().min(1).max(256);
/** Only as what it is when nobody asks for it. */
const only = <Value extends z.core.util.Literal>(value: Value) =>
  z.literal(value, { error: 'is not supported' }).nullish();

const common = {
  model: z.string(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  seed: z.int().nullish(),
  max_tokens: z.int().positive().nullish(),
  stop: z.union([stop, z.array(stop).max(4)]).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: only(1),
  presence_penalty: only(0),
  frequency_penalty: only(0),
  logit_bias: z.strictObject({}, { error: 'is not supported' }).nullish(),
};

const completionSchema = z.object({
  ...common,
  prompt: z.union([z.string(), z.tuple([z.string()]), tokens, z.tuple([tokens])]),
  best_of: only(1),
  echo: only(false),
  logprobs: only(0),
  suffix: only(''),
});

const part = z.object({ type: z.literal('text'), text: z.string() });
const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant']),
  content: z.union([z.string(), z.array(part)]),
});
const chatSchema = z.object({
  ...common,
  messages: z.array(message).min(1),
  max_completion_tokens: z.int().positive().nullish(),
  logprobs: only(false),
  tools: z.tuple([], { error: 'is not supported' }).nullish(),
  response_format: z.object({ type: z.literal('text', { error: 'is not supported' }) }).nullish(),
});

/**
 * Reads the body of a request. Fields that change nothing here are ignored; those that would change the answer are refused.
 * @throws REQUEST_INVALID, MODEL_NOT_FOUND, CONTEXT_LENGTH_EXCEEDED, each naming the field
 */
export function readRequest(kind: Kind, body: unknown, served: Served): GenerationRequest {
  const { fields, prompt } = kind === 'chat' ? readChat(body, served) : readCompletion(body, served);
  if (fields.model !== served.modelName) {
    throw new SwarmlockError(`The model ${fields.model} is not served here`, {
      code: 'MODEL_NOT_FOUND',
      argument: 'model',
    });
  }
  const { stop: stops, stream, stream_options: streaming } = fields;
  return {
    kind,
    prompt,
    maxTokens: tokensOf(kind, prompt.length, fields.limit, served),
    sampling: {
      temperature: fields.temperature ?? 1,
      topP: fields.top_p ?? 1,
      seed: fields.seed == null ? undefined : requestedSeed(fields.seed),
    },
    stops: typeof stops === 'string' ? [stops] : (stops ?? []),
    isStream: stream ?? false,
    includeUsage: streaming?.include_usage ?? false,
  };
}

function readCompletion(body: unknown, { tokenizer }: Served) {
  const { prompt: given, ...rest } = parse(completionSchema, body);
  const single = Array.isArray(given) && given.length === 1 ? given[0] : given;
  const encoded = typeof single === 'string' ? tokenizer.encode(single) : single;
  const prompt = typeof encoded === 'number' ? [encoded] : Array.from(encoded as ArrayLike<number>);
  if (!prompt.every((token) => token < tokenizer.vocabulary)) {
    throw invalid('prompt', `a token is not in [0, ${tokenizer.vocabulary})`);
  }
  return { fields: { ...rest, limit: rest.max_tokens }, prompt };
}

function readChat(body: unknown, { tokenizer }: Served) {
  const { messages, ...rest } = parse(chatSchema, body);
  const prompt = Array.from(tokenizer.encode(chatText(messages)));
  return { fields: { ...rest, limit: rest.max_completion_tokens ?? rest.max_tokens }, prompt };
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw invalid(issue?.path.join('.') ?? '', issue?.message ?? 'is not valid');
}

/** The last token is never read, so that a sequence may have one more than the context. */
function tokensOf(kind: Kind, prompt: number, limit: number | null | undefined, { context }: Served): number {
  if (prompt === 0) throw invalid(kind === 'chat' ? 'messages' : 'prompt', 'is empty');
  const room = context + 1 - prompt;
  const wanted = limit ?? (kind === 'chat' ? room : Math.min(DEFAULT_TOKENS, room));
  if (prompt <= context && wanted <= room) return wanted;
  const asked = limit == null ? `${prompt} tokens of the prompt` : `${prompt} of the prompt and ${limit} of the answer`;
  throw new SwarmlockError(`This model's maximum context length is ${context} tokens, and one more; asked: ${asked}`, {
    code: 'CONTEXT_LENGTH_EXCEEDED',
    argument: kind === 'chat' ? 'messages' : 'prompt',
  });
}

function invalid(argument: string, why: string): SwarmlockError {
  return new SwarmlockError(`${argument === '' ? 'the body' : argument}: ${why}`, {
    code: 'REQUEST_INVALID',
    argument,
  });
}
