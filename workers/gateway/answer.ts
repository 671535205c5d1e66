import { randomUUID } from 'node:crypto';

import type { Generated } from './generate.ts';
import type { GenerationRequest, Kind } from './request.ts';

type Finish = Generated['finish'];

/** Objects of the OpenAI API about one completion. */
export type Answer = {
  /** The whole of it. */
  whole(text: string, generated: Generated): object;
  /** Comes before all pieces of a stream; completions have none. */
  opening(): object | undefined;
  /** A piece of a stream. */
  piece(text: string): object;
  /** The last piece, with what is left of the text. */
  closing(text: string, finish: Finish): object;
  /** What a stream ends with when its usage was asked for. */
  usage(tokens: number): object;
};

const objects: Record<Kind, { readonly prefix: string; readonly whole: string; readonly piece: string }> = {
  completion: { prefix: 'cmpl', whole: 'text_completion', piece: 'text_completion' },
  chat: { prefix: 'chatcmpl', whole: 'chat.completion', piece: 'chat.completion.chunk' },
};

/** @param fingerprint which weights answer: the root of their state */
export function answerOf(
  { kind, prompt }: Pick<GenerationRequest, 'kind' | 'prompt'>,
  model: string,
  fingerprint: string,
): Answer {
  const { prefix, whole, piece } = objects[kind];
  const created = Math.floor(Date.now() / 1_000);
  const head = { id: `${prefix}-${randomUUID()}`, created, model, system_fingerprint: fingerprint };
  const usageOf = (tokens: number) => ({
    prompt_tokens: prompt.length,
    completion_tokens: tokens,
    total_tokens: prompt.length + tokens,
  });
  const choice = (content: object, finish: Finish | null) => ({
    index: 0,
    ...content,
    logprobs: null,
    finish_reason: finish,
  });
  const chunk = (content: object, finish: Finish | null = null) => ({
    ...head,
    object: piece,
    choices: [choice(content, finish)],
  });
  const contentOf = (text: string) => (kind === 'chat' ? { delta: { content: text } } : { text });
  return {
    whole: (text, { finish, tokens }) => ({
      ...head,
      object: whole,
      choices: [
        choice(kind === 'chat' ? { message: { role: 'assistant', content: text, refusal: null } } : { text }, finish),
      ],
      usage: usageOf(tokens),
    }),
    opening: () => (kind === 'chat' ? chunk({ delta: { role: 'assistant', content: '' } }) : undefined),
    piece: (text) => chunk(contentOf(text)),
    closing: (text, finish) => chunk(kind === 'chat' && text === '' ? { delta: {} } : contentOf(text), finish),
    usage: (tokens) => ({ ...head, object: piece, choices: [], usage: usageOf(tokens) }),
  };
}
