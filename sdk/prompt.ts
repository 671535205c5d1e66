/** What a request of the OpenAI API asks the model to go on with. */
export type Prompted = { readonly prompt?: unknown; readonly messages?: unknown };

/** One message of a chat; its content is a text or parts of one. */
export type ChatMessage = {
  readonly role: string;
  readonly content: string | readonly { readonly text: string }[];
};

/** Roles and contents line by line, and the beginning of the answer's line: the model has no tokens of its own for turns. */
export function chatText(messages: readonly ChatMessage[]): string {
  const lines = messages.map(({ role, content }) => {
    const text = typeof content === 'string' ? content : content.map((part) => part.text).join('');
    return `${role}: ${text}\n`;
  });
  return `${lines.join('')}assistant:`;
}

/** The tokens that the model reads of a request, which are bytes; undefined when it is not one that a gateway would serve. */
export function promptTokens({ prompt, messages }: Prompted): Uint8Array | undefined {
  const given = messages === undefined ? prompt : chatOf(messages);
  const single: unknown = Array.isArray(given) && given.length === 1 ? given[0] : given;
  if (typeof single === 'string') return new TextEncoder().encode(single);
  const tokens: readonly unknown[] = Array.isArray(single) ? single : [single];
  return tokens.every(isByte) ? Uint8Array.from(tokens) : undefined;
}

function chatOf(messages: unknown): string | undefined {
  try {
    return chatText(messages as readonly ChatMessage[]);
  } catch {
    return undefined;
  }
}

function isByte(token: unknown): token is number {
  return Number.isInteger(token) && Number(token) >= 0 && Number(token) < 256;
}
