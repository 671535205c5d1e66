import { SwarmlockError } from '../engine/errors.ts';

/** Tokens of a request and of its answer, as the gateway counts them. */
export type Usage = { readonly prompt: number; readonly completion: number };

/** One object of a streamed answer, as far as a client looks at it. */
export type AnswerPart = {
  readonly text: string;
  /** Of the weights that answer. */
  readonly root: string;
  readonly usage: Usage | undefined;
  /** All of it. */
  readonly content: Content;
};

type Choice = {
  readonly text?: string;
  readonly delta?: { readonly content?: string | null };
  readonly finish_reason?: string | null;
};
type Content = { readonly choices: readonly Choice[]; readonly [field: string]: unknown };

/** An object of a stream of the OpenAI API. @throws ANSWER_INVALID */
export function readPart(json: string): AnswerPart {
  const content = parse(json) as { choices?: unknown; system_fingerprint?: unknown; usage?: unknown } | null;
  const root = content?.system_fingerprint;
  const choices = content?.choices;
  if (typeof root !== 'string') throw invalidAnswer('system_fingerprint', 'there is none');
  if (!Array.isArray(choices)) throw invalidAnswer('choices', 'there are none');
  const text = choices.map(textOf).join('');
  return { text, root, usage: usageOf(content!.usage), content: content as Content };
}

/** The whole answer that has come in parts. @param receipt as JSON, if there was one. @throws ANSWER_INVALID */
export function wholeOf(parts: readonly AnswerPart[], receipt?: string): object {
  const choices = parts.flatMap(({ content }) => content.choices);
  const text = parts.map((part) => part.text).join('');
  const isChat = choices.some(({ delta }) => delta !== undefined);
  const said = isChat ? { message: { role: 'assistant', content: text, refusal: null } } : { text };
  const finish_reason = choices.at(-1)?.finish_reason ?? null;
  return {
    ...Object.assign({}, ...parts.map(({ content }) => content)),
    object: isChat ? 'chat.completion' : 'text_completion',
    choices: [{ index: 0, ...said, logprobs: null, finish_reason }],
    ...(receipt !== undefined && { receipt: parse(receipt) }),
  };
}

/** What comes from a gateway is no answer. */
export function invalidAnswer(argument: string, why: string): SwarmlockError {
  return new SwarmlockError(`The gateway's answer is invalid: ${argument}: ${why}`, {
    code: 'ANSWER_INVALID',
    argument,
    hint: 'Nothing more is paid for it. Use another gateway.',
  });
}

/** What a gateway has sent as JSON. @throws ANSWER_INVALID */
export function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw invalidAnswer('data', 'this is no JSON');
  }
}

function textOf(choice: unknown): string {
  const { text, delta } = (choice ?? {}) as Choice;
  const said: unknown = text ?? delta?.content ?? '';
  if (typeof said !== 'string') throw invalidAnswer('choices', 'the text is none');
  return said;
}

function usageOf(usage: unknown): Usage | undefined {
  if (usage === undefined || usage === null) return undefined;
  const {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: total,
  } = usage as Record<string, unknown>;
  const isSum = isCount(prompt) && isCount(completion) && total === prompt + completion;
  if (!isSum) throw invalidAnswer('usage', 'its counts are none');
  return { prompt, completion };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
